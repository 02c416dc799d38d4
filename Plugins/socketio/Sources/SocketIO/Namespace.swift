public import EngineIO

/// A part of the server with sockets, rooms and events of its own.
public final class Namespace {
  public let name: String
  public unowned let server: SocketServer
  /// Made on demand, and gone with the last socket.
  public private(set) var isDynamic: Bool
  public private(set) lazy var adapter: any Adapter = server.makeAdapter(self)
  /// Everybody that has been let in, by id.
  public private(set) var connected: [String: Socket] = [:]
  /// Everybody that middleware is still deciding on.
  private var pending: [String: Socket] = [:]
  private var lastAck = -1
  /// What the layer above keeps with it.
  public var owner: AnyObject?
  /// What its events to one client begin with: `2`, or `2/name,`.
  private(set) lazy var eventHead = head(.event)
  private(set) lazy var ackHead = head(.ack)
  /// nil unless clients may recover.
  let recovery: Recovery?

  init(_ name: String, _ server: SocketServer, isDynamic: Bool) {
    self.name = name
    self.server = server
    self.isDynamic = isDynamic
    recovery = server.recovery.map { Recovery($0, server.clock) }
  }

  private func head(_ type: PacketType) -> [UInt8] {
    [type.rawValue] + (name == "/" ? [] : Array(name.utf8) + [UInt8(ascii: ",")])
  }

  /// Ids are not those of one socket, so that one packet may go to many.
  func nextAck() -> Int {
    lastAck += 1
    return lastAck
  }

  /// For adapters: `serverSideEmit` of another server has come.
  ///
  /// - Parameter arguments: a list, the event's name first.
  public func receive(_ arguments: EventArguments, answer: ((EventArguments) -> Void)? = nil) {
    server.handler?.received(self, arguments, answer: answer)
  }

  /// By id; also one that middleware is still deciding on.
  public func socket(_ id: String) -> Socket? { connected[id] ?? pending[id] }

  func begin(_ socket: Socket) {
    pending[socket.id] = socket
    server.register(socket)
  }

  func add(_ socket: Socket) {
    pending[socket.id] = nil
    connected[socket.id] = socket
    adapter.ownRoomChanged(socket)
  }

  func remove(_ socket: Socket) {
    connected[socket.id] = nil
    pending[socket.id] = nil
    adapter.ownRoomChanged(socket)
    server.unregister(socket)
    if isDynamic { leaveIfEmpty() }
  }

  fileprivate func leaveIfEmpty() {
    if connected.isEmpty, pending.isEmpty { server.emptied(self) }
  }

  /// It stays when nobody is in it.
  public func keep() {
    guard isDynamic else { return }
    isDynamic = false
    clock.cancel(vacancy)
  }

  /// Rings when somebody should have come.
  private(set) lazy var vacancy: Alarm = Vacancy(self)

  public var clock: AlarmClock { server.clock }
}

/// Nobody has come to a namespace that was made on demand.
private final class Vacancy: Alarm {
  private unowned let namespace: Namespace

  init(_ namespace: Namespace) {
    self.namespace = namespace
    super.init()
  }

  override func ring() { namespace.leaveIfEmpty() }
}
