internal import EngineIO

/// To whom an operation applies. Without rooms: to everybody in the namespace.
public struct Target {
  public var rooms: [String] = []
  /// Rooms whose members are left out; an id is a room.
  public var except: [String] = []
  /// Left out.
  public var sender: Socket?
  /// On this server only.
  public var isLocal = false
  public var isVolatile = false
  /// Not compressed.
  public var isPlain = false

  public init() {}
}

/// What is known of a socket, here or on another server.
nonisolated public struct SocketFacts: Sendable {
  public var id: String
  public var rooms: [String]
  /// JSON objects.
  public var data: [UInt8]
  public var handshake: [UInt8]

  public init(id: String, rooms: [String], data: [UInt8], handshake: [UInt8]) {
    self.id = id
    self.rooms = rooms
    self.data = data
    self.handshake = handshake
  }
}

/// Why an adapter's work did not come to an end, in words for people.
nonisolated public struct AdapterFailure: Error, Sendable {
  public let message: String
  public init(_ message: String) { self.message = message }
}

/// Who is in which room of a namespace, and how what is for rooms gets there: one for each
/// namespace. In memory here; a subclass of `MemoryAdapter` connects several servers.
///
/// Results come through callbacks, once, on the loop, perhaps before the call returns.
public protocol Adapter: AnyObject {
  func add(_ socket: Socket, _ room: String)
  func remove(_ socket: Socket, _ room: String)
  func removeAll(_ socket: Socket)
  /// A client has come in or gone, and with it the room of its id, which is in no list.
  func ownRoomChanged(_ socket: Socket)

  /// Sends an event to everybody whom `target` names.
  ///
  /// - Parameter arguments: a list, the event's name first.
  func broadcast(_ arguments: EventArguments, _ target: Target)
  /// The same, and collects one answer of each: the first argument of its acknowledgement.
  ///
  /// - Parameter done: the answers in the order in which they came, and whether time ran out.
  func broadcast(
    _ arguments: EventArguments, _ target: Target, timeout: Int,
    done: @escaping (_ answers: [EventArguments], _ timedOut: Bool) -> Void)

  func fetchSockets(
    _ target: Target, done: @escaping (Result<[SocketFacts], AdapterFailure>) -> Void)
  func join(_ target: Target, _ rooms: [String])
  func leave(_ target: Target, _ rooms: [String])
  func disconnect(_ target: Target, close: Bool)

  /// The ids of everybody in these rooms, on all servers; without rooms of everybody.
  func clients(
    _ rooms: [String], done: @escaping (_ ids: [String], _ failure: AdapterFailure?) -> Void)
  /// The rooms of one socket; nil: nobody has it.
  func clientRooms(_ id: String, done: @escaping (Result<[String]?, AdapterFailure>) -> Void)
  func allRooms(done: @escaping (Result<[String], AdapterFailure>) -> Void)
  func remoteJoin(_ id: String, _ room: String, done: @escaping (AdapterFailure?) -> Void)
  func remoteLeave(_ id: String, _ room: String, done: @escaping (AdapterFailure?) -> Void)
  func remoteDisconnect(_ id: String, close: Bool, done: @escaping (AdapterFailure?) -> Void)

  /// To the same namespace of every other server.
  ///
  /// - Parameter done: asks for an answer of each.
  func serverSideEmit(
    _ arguments: EventArguments,
    done: ((_ answers: [EventArguments], _ failure: AdapterFailure?) -> Void)?)

  /// The namespace or the server ends.
  func close()
}
