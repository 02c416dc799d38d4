internal import CEggSocketIO
public import Egg

/// A part of the server with sockets, rooms and events of its own: `app.io.of("/chat")`.
public struct Namespace {
  let client: Client
  public let name: String

  init(_ client: Client, _ name: String) {
    self.client = client
    self.name = name
    // Makes it, so that clients find it.
    client.listen(name, 0)
  }

  /// That of a socket, which is there, or was.
  init(of core: SocketCore) {
    client = core.client
    name = core.namespace
  }

  /// The adapter's view of rooms and clients, of all servers.
  public var adapter: NamespaceAdapter { NamespaceAdapter(namespace: self) }

  var all: Broadcast { Broadcast(client, BroadcastTarget(namespace: name)) }

  /// An event's controller: `app.io.controller.chat.message`. Of several for one event the first
  /// stays. `disconnect`, `disconnecting` and `error` may be routed too; `ctx.args` then holds the
  /// reason.
  public func route(_ event: String, _ action: Action) { client.route(name, event, action) }

  /// - Parameter event: "connection" (or "connect"); for events of clients see `Socket.on`.
  public func on(_ event: String, _ handler: @escaping (Socket) async throws -> Void) {
    guard event == "connection" || event == "connect" else {
      client.app.coreLogger.warn(
        "app.io.of(\"\(name)\").on(\"\(event)\"): expected \"connection\"; events of clients are"
          + " for socket.on, events of other servers for onServer")
      return
    }
    client.handlers(name).add(handler)
    client.listen(name, EGG_IO_WANTS_EVENTS | EGG_IO_WANTS_KEPT)
  }

  /// Decides who may come in, in front of `config.io`'s connection middlewares. An error refuses: the
  /// client gets its message, and `properties["data"]` if there is one.
  public func use(_ middleware: @escaping (Socket) async throws -> Void) {
    client.handlers(name).use(middleware)
    client.listen(name, EGG_IO_WANTS_ADMIT | EGG_IO_WANTS_KEPT)
  }

  /// Puts middlewares of `app/io/middleware` around the connections of this namespace, behind those
  /// of `config.io.namespace`: `nsp.connectionMiddleware(app.io.middleware.auth)`.
  public func connectionMiddleware(_ middlewares: ContributedMiddleware...) {
    for one in middlewares { client.use(name, "connection", one) }
  }

  /// The same for its events.
  public func packetMiddleware(_ middlewares: ContributedMiddleware...) {
    for one in middlewares { client.use(name, "packet", one) }
  }

  /// Handles what the same namespace of another server sends with `serverSideEmit`.
  public func onServer(
    _ event: String, _ handler: @escaping (Arguments, Acknowledgement) async throws -> Void
  ) {
    client.handlers(name).onServer(event, handler)
    client.listen(name, EGG_IO_WANTS_EVENTS | EGG_IO_WANTS_KEPT)
  }

  // MARK: to everybody

  func send(_ event: String, _ args: [any Encodable]) { all.send(event, args) }

  /// To everybody in the namespace.
  public func emit(_ event: String, _ args: any Encodable...) { send(event, args) }
  /// The event `message`.
  public func send(_ args: any Encodable...) { send("message", args) }
  public func to(_ rooms: String...) -> Broadcast { all.adding(rooms: rooms) }
  public func `in`(_ rooms: String...) -> Broadcast { all.adding(rooms: rooms) }
  public func except(_ rooms: String...) -> Broadcast { all.adding(except: rooms) }
  public func timeout(_ milliseconds: Int) -> Broadcast { all.timeout(milliseconds) }
  public var volatile: Broadcast { all.volatile }
  public var local: Broadcast { all.local }
  public func compress(_ isWanted: Bool) -> Broadcast { all.compress(isWanted) }
  public func fetchSockets() async throws -> [RemoteSocket] { try await all.fetchSockets() }
  public func socketsJoin(_ room: String) { all.socketsJoin(room) }
  public func socketsLeave(_ room: String) { all.socketsLeave(room) }
  public func disconnectSockets(_ close: Bool = false) { all.disconnectSockets(close) }

  /// Asks everybody: see `Broadcast.emitWithAck`.
  public func emitWithAck(_ event: String, _ args: any Encodable...) async throws -> [Value] {
    try await all.ask(event, args.map { Value($0) })
  }

  /// To the same namespace of the other servers, not to clients.
  public func serverSideEmit(_ event: String, _ args: any Encodable...) {
    client.serverSideEmit(name, [.text(event)] + args.map { Value($0) })
  }

  /// The same, and waits for one answer of each.
  ///
  /// - Throws: `EggError` when not all answer in time; `properties["responses"]` has those that came.
  public func serverSideEmitWithAck(_ event: String, _ args: any Encodable...) async throws
    -> [Value]
  {
    let values = [.text(event)] + args.map { Value($0) }
    return try await waiting { client.serverSideEmit(name, values, done: $0) }
  }
}

/// Namespaces that are made when a client asks for them.
public struct ParentNamespace {
  private let client: Client
  private let number: Int
  private let handlers: NamespaceHandlers

  init(_ client: Client, _ matches: @escaping (String, Value) -> Bool) {
    self.client = client
    (number, handlers) = client.addParent(matches)
    client.listen(parent: number, 0)
  }

  public func on(_ event: String, _ handler: @escaping (Socket) async throws -> Void) {
    handlers.add(handler)
    listen()
  }

  public func use(_ middleware: @escaping (Socket) async throws -> Void) {
    handlers.use(middleware)
    listen()
  }

  private func listen() {
    var wants = 0
    if !handlers.connection.isEmpty { wants |= EGG_IO_WANTS_EVENTS }
    if !handlers.middlewares.isEmpty { wants |= EGG_IO_WANTS_ADMIT }
    client.listen(parent: number, wants)
  }
}

/// Rooms and clients by name, of all servers.
public struct NamespaceAdapter {
  let namespace: Namespace

  private func ask(_ what: Int, rooms: [String] = [], _ name: String = "", _ value: String = "")
    async throws -> [Value]
  {
    let target = BroadcastTarget(namespace: namespace.name, rooms: rooms)
    return try await waiting { namespace.client.ask(target, what, name, value, done: $0) }
  }

  /// The ids of everybody in these rooms; without rooms of everybody.
  public func clients(_ rooms: [String] = []) async throws -> [String] {
    try await ask(EGG_IO_CLIENTS, rooms: rooms).compactMap(\.string)
  }
  public func clientRooms(_ id: String) async throws -> [String] {
    try await ask(EGG_IO_CLIENT_ROOMS, id).compactMap(\.string)
  }
  public func allRooms() async throws -> [String] {
    try await ask(EGG_IO_ALL_ROOMS).compactMap(\.string)
  }
  /// - Throws: `EggError` when nobody has the socket.
  public func remoteJoin(_ id: String, _ room: String) async throws {
    _ = try await ask(EGG_IO_REMOTE_JOIN, id, room)
  }
  public func remoteLeave(_ id: String, _ room: String) async throws {
    _ = try await ask(EGG_IO_REMOTE_LEAVE, id, room)
  }
  /// Ends a socket's namespace, or with `close` its connection, wherever it is.
  public func remoteDisconnect(_ id: String, _ close: Bool = false) async throws {
    _ = try await ask(EGG_IO_REMOTE_DISCONNECT, id, close ? "true" : "false")
  }
}

/// Waits for an answer of the plugin's.
func waiting(_ start: (@escaping (String, [Value]) -> Void) -> Void) async throws -> [Value] {
  try await withUnsafeThrowingContinuation {
    (continuation: UnsafeContinuation<[Value], any Error>) in
    start { failure, values in
      if failure.isEmpty { return continuation.resume(returning: values) }
      var error = EggError(code: "EGG_SOCKETIO_ANSWER", failure)
      error.properties["responses"] = .list(values)
      continuation.resume(throwing: error)
    }
  }
}
