public import EngineIO

/// An event from a client. Name and JSON text are gone when the handler returns.
public struct Event {
  /// UTF-8.
  public let name: UnsafeRawBufferPointer
  /// The whole list, the name first.
  public let json: UnsafeRawBufferPointer
  public let attachments: [[UInt8]]
  /// The id for the answer; -1: none is asked for.
  public let ack: Int

  public init(
    name: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, attachments: [[UInt8]], ack: Int
  ) {
    self.name = name
    self.json = json
    self.attachments = attachments
    self.ack = ack
  }
}

/// What the layer above is asked and told.
public protocol SocketHandler: AnyObject {
  /// Whether a namespace that nobody has made is there on demand.
  ///
  /// - Parameter auth: the payload of CONNECT.
  func makes(_ namespace: String, auth: [UInt8]) -> Bool
  /// A client asks to come in: `accept()` or `refuse(…)` of the socket is the answer, now or later.
  func admit(_ socket: Socket)
  func connected(_ socket: Socket)
  func received(_ socket: Socket, _ event: Event)
  /// What came could not be understood; the connection ends.
  func failed(_ socket: Socket, _ message: String)
  /// The rooms are still there.
  func disconnecting(_ socket: Socket, _ reason: String)
  /// Once for every socket that `admit` was called for.
  func ended(_ socket: Socket, _ reason: String, wasConnected: Bool)
  /// Another server speaks to this namespace, through the adapter.
  ///
  /// - Parameter answer: sends the first argument back; nil when none is asked for.
  func received(
    _ namespace: Namespace, _ arguments: EventArguments,
    answer: ((EventArguments) -> Void)?)
  /// A namespace has lost its last socket.
  func emptied(_ namespace: Namespace)
}

/// What clients may make grow.
nonisolated public struct SocketLimits: Sendable {
  public var maxAttachments = 10
  /// Bytes of all attachments of an event.
  public var maxEventSize = 1_000_000
  /// Namespaces of one connection.
  public var maxNamespaces = 100
  /// Bytes of a room's name.
  public var maxRoomName = 1024
  /// Handlers of one socket that have not returned; more hold the client back.
  public var maxRunning = 1000
  /// Milliseconds in which a client has to join a namespace.
  public var connectTimeout = 45_000

  public init() {}
}

/// The namespaces and their sockets, above the engine.
public final class SocketServer: EngineDelegate {
  public let engine: EngineServer
  public let limits: SocketLimits
  /// Kept as long as the server. Not weak: it is asked at every packet, and what somebody refers to weakly
  /// is slower to count.
  public var handler: (any SocketHandler)?
  public private(set) var namespaces: [String: Namespace] = [:]
  private var byNumber: [UInt64: Socket] = [:]
  private var lastNumber: UInt64 = 0
  /// Makes the adapter of a namespace; in memory unless it is set.
  public var makeAdapter: (Namespace) -> any Adapter = { MemoryAdapter($0) }

  /// nil: clients whose connection was lost begin anew.
  public let recovery: RecoveryOptions?

  public init(
    _ engine: EngineServer, limits: SocketLimits = SocketLimits(), recovery: RecoveryOptions? = nil
  ) {
    self.engine = engine
    self.recovery = recovery
    self.limits = limits
    engine.delegate = self
  }

  var clock: AlarmClock { engine.clock }

  func nextNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  /// The socket of a number; nil when it has ended.
  public func socket(_ number: UInt64) -> Socket? { byNumber[number] }

  func register(_ socket: Socket) { byNumber[socket.number] = socket }
  func unregister(_ socket: Socket) { byNumber[socket.number] = nil }

  // MARK: namespaces

  /// The namespace of a name, made if need be. A slash is put in front if it is missing.
  @discardableResult
  public func namespace(_ name: String, isDynamic: Bool = false) -> Namespace {
    let name = name.hasPrefix("/") ? name : "/" + name
    if let known = namespaces[name] { return known }
    let made = Namespace(name, self, isDynamic: isDynamic)
    namespaces[name] = made
    // Somebody may only have sent something to it.
    if isDynamic { clock.set(made.vacancy, after: limits.connectTimeout) }
    return made
  }

  func find(_ name: String, auth: [UInt8]) -> Namespace? {
    if let known = namespaces[name] { return known }
    guard handler?.makes(name, auth: auth) == true else { return nil }
    return namespace(name, isDynamic: true)
  }

  /// A namespace that was made on demand goes with its last socket.
  func emptied(_ namespace: Namespace) {
    guard namespace.isDynamic else { return }
    clock.cancel(namespace.vacancy)
    handler?.emptied(namespace)
    namespace.adapter.close()
    namespaces[namespace.name] = nil
  }

  // MARK: the engine

  public func opened(_ session: Session) {
    let client = Client(session, self)
    session.owner = client
    clock.set(client, after: limits.connectTimeout)
    if session.revision == .v3 { client.join("/") }
  }

  public func closed(_ session: Session, _ reason: EndReason) {
    (session.owner as? Client)?.closed(reason.rawValue)
  }

  /// Ends everything.
  public func close() {
    engine.close()
    for namespace in namespaces.values { namespace.adapter.close() }
  }
}
