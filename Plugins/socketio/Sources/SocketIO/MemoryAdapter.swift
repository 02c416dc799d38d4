internal import EngineIO

/// Rooms of one process. The room of a socket's own id is not kept: it is the socket.
open class MemoryAdapter: Adapter {
  public unowned let namespace: Namespace
  public private(set) var rooms: [String: Set<Socket>] = [:]

  public init(_ namespace: Namespace) { self.namespace = namespace }

  // MARK: membership

  /// Overridden where a room's first member matters.
  open func add(_ socket: Socket, _ room: String) {
    guard socket.rooms.insert(room).inserted else { return }
    rooms[room, default: []].insert(socket)
  }

  open func remove(_ socket: Socket, _ room: String) {
    guard socket.rooms.remove(room) != nil else { return }
    rooms[room]?.remove(socket)
    if rooms[room]?.isEmpty == true { rooms[room] = nil }
  }

  open func removeAll(_ socket: Socket) {
    for room in socket.rooms {
      rooms[room]?.remove(socket)
      if rooms[room]?.isEmpty == true { rooms[room] = nil }
    }
    socket.rooms = []
  }

  /// A client has come in or gone, and with it the room of its id. Overridden where that matters.
  open func ownRoomChanged(_ socket: Socket) {}

  // MARK: whom

  /// Every socket of this server whom `target` names, each once.
  public func forEach(_ target: Target, _ body: (Socket) -> Void) {
    func visit(_ socket: Socket) {
      if socket === target.sender { return }
      for room in target.except where socket.isIn(room) { return }
      body(socket)
    }
    switch target.rooms.count {
    case 0: for socket in namespace.connected.values { visit(socket) }
    case 1: members(target.rooms[0], visit)
    default:
      var seen: Set<Socket> = []
      for room in target.rooms {
        members(room) { if seen.insert($0).inserted { visit($0) } }
      }
    }
  }

  private func members(_ room: String, _ body: (Socket) -> Void) {
    if let own = namespace.socket(room) { body(own) }
    guard let members = rooms[room] else { return }
    for socket in members { body(socket) }
  }

  // MARK: what goes

  open func broadcast(_ arguments: EventArguments, _ target: Target) {
    let recovery = target.isVolatile ? nil : namespace.recovery
    let packet = OutPacket(
      .event, namespace.name, recovery?.numbered(arguments) ?? arguments,
      isVolatile: target.isVolatile, isShared: true, isPlain: target.isPlain)
    let sender = target.sender.map { [$0.id] } ?? []
    recovery?.keep(packet, rooms: target.rooms, except: target.except + sender)
    forEach(target) { $0.send(packet, of: arguments) }
  }

  open func broadcast(
    _ arguments: EventArguments, _ target: Target, timeout: Int,
    done: @escaping ([EventArguments], Bool) -> Void
  ) {
    let id = namespace.nextAck()
    var receivers: [Socket] = []
    forEach(target) { receivers.append($0) }
    let collection = AnswerCollection(id, receivers, namespace.clock, done)
    collection.begin(timeout)
    let packet = OutPacket(
      .event, namespace.name, ack: id, arguments, isVolatile: target.isVolatile, isShared: true,
      isPlain: target.isPlain)
    for socket in receivers { socket.send(packet, of: arguments) }
  }

  // MARK: what is known

  open func fetchSockets(
    _ target: Target, done: @escaping (Result<[SocketFacts], AdapterFailure>) -> Void
  ) {
    var found: [SocketFacts] = []
    forEach(target) { found.append($0.facts) }
    done(.success(found))
  }

  open func join(_ target: Target, _ rooms: [String]) {
    forEach(target) { $0.join(rooms) }
  }

  open func leave(_ target: Target, _ rooms: [String]) {
    forEach(target) { socket in for room in rooms { socket.leave(room) } }
  }

  open func disconnect(_ target: Target, close: Bool) {
    forEach(target) { $0.disconnect(close: close) }
  }

  open func clients(_ rooms: [String], done: @escaping ([String], AdapterFailure?) -> Void) {
    var target = Target()
    target.rooms = rooms
    var ids: [String] = []
    forEach(target) { ids.append($0.id) }
    done(ids, nil)
  }

  open func clientRooms(_ id: String, done: @escaping (Result<[String]?, AdapterFailure>) -> Void) {
    done(.success(namespace.socket(id)?.allRooms))
  }

  open func allRooms(done: @escaping (Result<[String], AdapterFailure>) -> Void) {
    done(.success(Array(rooms.keys) + namespace.connected.keys))
  }

  open func remoteJoin(_ id: String, _ room: String, done: @escaping (AdapterFailure?) -> Void) {
    with(id, done) { $0.join([room]) }
  }

  open func remoteLeave(_ id: String, _ room: String, done: @escaping (AdapterFailure?) -> Void) {
    with(id, done) { $0.leave(room) }
  }

  open func remoteDisconnect(
    _ id: String, close: Bool, done: @escaping (AdapterFailure?) -> Void
  ) {
    with(id, done) { $0.disconnect(close: close) }
  }

  private func with(
    _ id: String, _ done: (AdapterFailure?) -> Void, _ body: (Socket) -> Void
  ) {
    guard let socket = namespace.socket(id) else {
      return done(AdapterFailure("no socket has the id \(id)"))
    }
    body(socket)
    done(nil)
  }

  /// There is no other server.
  open func serverSideEmit(
    _ arguments: EventArguments, done: (([EventArguments], AdapterFailure?) -> Void)?
  ) {
    done?([], nil)
  }

  open func close() {}
}

extension Socket {
  public var facts: SocketFacts {
    SocketFacts(id: id, rooms: allRooms, data: data, handshake: handshakeJSON)
  }
}

/// The answers to a packet that went to many.
final class AnswerCollection: Alarm {
  private let id: Int
  private var missing: Set<Socket>
  private var answers: [EventArguments] = []
  private let clock: AlarmClock
  private var done: (([EventArguments], Bool) -> Void)?

  init(
    _ id: Int, _ receivers: [Socket], _ clock: AlarmClock,
    _ done: @escaping ([EventArguments], Bool) -> Void
  ) {
    self.id = id
    missing = Set(receivers)
    self.clock = clock
    self.done = done
    super.init()
  }

  func begin(_ timeout: Int) {
    if missing.isEmpty { return finish(timedOut: false) }
    clock.set(self, after: timeout)
    for socket in missing {
      socket.expect(id) { [weak self, weak socket] result in
        guard let self, let socket else { return }
        // One that has gone does not answer any more; the others are waited for.
        guard case .success(let arguments) = result else { return }
        self.missing.remove(socket)
        self.answers.append(arguments)
        if self.missing.isEmpty { self.finish(timedOut: false) }
      }
    }
  }

  override func ring() { finish(timedOut: true) }

  private func finish(timedOut: Bool) {
    clock.cancel(self)
    for socket in missing { socket.stopWaiting(id) }
    missing = []
    let done = done
    self.done = nil
    done?(answers, timedOut)
  }
}
