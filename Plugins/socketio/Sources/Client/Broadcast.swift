internal import CEggSocketIO
public import Egg

/// Whom something is for, built step by step: `nsp.to("a").except("b").volatile.emit("news", 1)`.
///
/// Each step gives a new one; without rooms it is everybody in the namespace.
public struct Broadcast {
  private let client: Client
  private var target: BroadcastTarget
  private var limit = 0

  init(_ client: Client, _ target: BroadcastTarget) {
    self.client = client
    self.target = target
  }

  func adding(rooms: [String] = [], except: [String] = []) -> Broadcast {
    var copy = self
    copy.target.rooms += rooms
    copy.target.except += except
    return copy
  }

  public func to(_ rooms: String...) -> Broadcast { adding(rooms: rooms) }
  public func `in`(_ rooms: String...) -> Broadcast { adding(rooms: rooms) }
  /// Members of these rooms are left out; an id is a room.
  public func except(_ rooms: String...) -> Broadcast { adding(except: rooms) }

  /// Dropped for clients that do not keep up.
  public var volatile: Broadcast {
    var copy = self
    copy.target.flags |= EGG_IO_VOLATILE
    return copy
  }

  /// `false`: not compressed, where `perMessageDeflate` or `httpCompression` would.
  public func compress(_ isWanted: Bool) -> Broadcast {
    var copy = self
    copy.target.flags =
      isWanted ? target.flags & ~EGG_IO_PLAIN : target.flags | EGG_IO_PLAIN
    return copy
  }

  /// Clients of this server only.
  public var local: Broadcast {
    var copy = self
    copy.target.flags |= EGG_IO_LOCAL
    return copy
  }

  /// Milliseconds to wait for acknowledgements.
  public func timeout(_ milliseconds: Int) -> Broadcast {
    var copy = self
    copy.limit = milliseconds
    return copy
  }

  func send(_ event: String, _ args: [any Encodable]) {
    client.broadcast(target, [.text(event)] + args.map { Value($0) })
  }

  public func emit(_ event: String, _ args: any Encodable...) { send(event, args) }
  public func send(_ args: any Encodable...) { send("message", args) }

  /// Asks everybody, and gives the first argument of each answer.
  ///
  /// - Throws: `EggError` "operation has timed out" after `timeout`, 5 seconds unless it is set;
  ///   `properties["responses"]` has the answers that came.
  public func emitWithAck(_ event: String, _ args: any Encodable...) async throws -> [Value] {
    try await ask(event, args.map { Value($0) })
  }

  func ask(_ event: String, _ args: [Value]) async throws -> [Value] {
    let values = [.text(event)] + args
    return try await waiting {
      client.broadcast(target, values, timeout: limit > 0 ? limit : 5000, done: $0)
    }
  }

  /// Everybody, of all servers.
  ///
  /// - Throws: `EggError` when another server does not answer in time.
  public func fetchSockets() async throws -> [RemoteSocket] {
    let facts = try await waiting { client.ask(target, EGG_IO_FETCH_SOCKETS, done: $0) }
    return facts.map { RemoteSocket(client, target.namespace, $0) }
  }

  public func socketsJoin(_ room: String) { ask(EGG_IO_SOCKETS_JOIN, room) }
  public func socketsLeave(_ room: String) { ask(EGG_IO_SOCKETS_LEAVE, room) }
  public func disconnectSockets(_ close: Bool = false) {
    ask(EGG_IO_DISCONNECT_SOCKETS, "", close ? "true" : "false")
  }

  private func ask(_ what: Int, _ name: String, _ value: String = "") {
    client.ask(target, what, name, value) { _, _ in }
  }
}

/// A socket of this or another server.
public struct RemoteSocket {
  private let client: Client
  private let namespace: String
  public let id: String
  /// With that of its own id.
  public let rooms: [String]
  /// A copy; changing `Socket.data` is for the socket's own server.
  public let data: Value
  public let handshake: Value
  private var limit = 0

  init(_ client: Client, _ namespace: String, _ facts: Value) {
    self.client = client
    self.namespace = namespace
    id = facts.id.string ?? ""
    rooms = facts.rooms.array?.compactMap(\.string) ?? []
    data = facts.data
    handshake = facts.handshake
  }

  private var broadcast: Broadcast {
    Broadcast(client, BroadcastTarget(namespace: namespace, rooms: [id]))
  }

  public func emit(_ event: String, _ args: any Encodable...) { broadcast.send(event, args) }

  /// Asks the client, and gives the first argument of its answer.
  ///
  /// - Throws: `EggError` "operation has timed out", after 5 seconds unless `timeout` says otherwise, and
  ///   also when the client has gone.
  public func emitWithAck(_ event: String, _ args: any Encodable...) async throws -> Value {
    let values = [.text(event)] + args.map { Value($0) }
    let answers = try await waiting {
      client.broadcast(
        BroadcastTarget(namespace: namespace, rooms: [id]), values,
        timeout: limit > 0 ? limit : 5000, done: $0)
    }
    guard let answer = answers.first else {
      throw EggError(code: "EGG_SOCKETIO_ANSWER", "socket has been disconnected")
    }
    return answer
  }

  /// Milliseconds to wait for an acknowledgement.
  public func timeout(_ milliseconds: Int) -> RemoteSocket {
    var copy = self
    copy.limit = milliseconds
    return copy
  }

  public func join(_ room: String) { broadcast.socketsJoin(room) }
  public func leave(_ room: String) { broadcast.socketsLeave(room) }
  public func disconnect(_ close: Bool = false) { broadcast.disconnectSockets(close) }
}
