internal import CEggSocketIO
public import Egg

/// A client in a namespace: `ctx.socket`, and what handlers of `connection` get.
public struct Socket {
  let core: SocketCore
  private var flags = 0
  private var limit = 0

  init(_ core: SocketCore) { self.core = core }

  private var client: Client { core.client }

  /// Random, and the name of a room that only this client is in.
  public var id: String { core.id }
  public var nsp: Namespace { Namespace(of: core) }

  /// `headers`, `time`, `address`, `xdomain`, `secure`, `issued`, `url`, `query`, `auth`.
  public var handshake: Value { core.json(EGG_IO_HANDSHAKE) }
  public var remoteAddress: String { handshake.address.string ?? "" }
  /// With that of its own id.
  public var rooms: [String] { core.json(EGG_IO_ROOMS).array?.compactMap(\.string) ?? [] }
  public var connected: Bool { core.json(EGG_IO_STATE).connected.bool ?? false }
  public var disconnected: Bool { !connected }
  /// The client was away for a while: it has its id, rooms and data of before, and has got what it
  /// missed (`connectionStateRecovery`).
  public var recovered: Bool { core.json(EGG_IO_STATE).recovered.bool ?? false }
  /// "polling" or "websocket"
  public var transport: String { core.json(EGG_IO_STATE).transport.string ?? "" }
  /// 3 or 4: what the client's Engine.IO speaks.
  public var `protocol`: Int { core.json(EGG_IO_STATE).protocol.int ?? 0 }
  /// The connection below, which the sockets of one client share.
  public var conn: SocketConnection { SocketConnection(core) }

  /// What you like to keep with it, an object; `fetchSockets` shows it to other servers.
  public var data: Value {
    get { core.json(EGG_IO_DATA) }
    nonmutating set { client.setData(core.number, newValue) }
  }

  // MARK: events

  /// Handles an event of the client. Handlers of one event run in the order in which they came;
  /// the next event does not wait for them.
  ///
  /// One that waits for nothing, without an `await`, costs least.
  public func on(_ event: String, _ handler: @escaping (Arguments) throws -> Void) {
    core.on(event, .atOnce(handler))
  }

  /// The same with the acknowledgement. The handler answers by calling it, once.
  public func on(
    _ event: String, _ handler: @escaping (Arguments, Acknowledgement) throws -> Void
  ) {
    core.on(event, .answeringAtOnce(handler))
  }

  /// The same for handlers that wait.
  public func on(_ event: String, _ handler: @escaping (Arguments) async throws -> Void) {
    core.on(event, .waiting(handler))
  }

  public func on(
    _ event: String, _ handler: @escaping (Arguments, Acknowledgement) async throws -> Void
  ) {
    core.on(event, .answering(handler))
  }

  /// As `on`, for the first event of this name only.
  public func once(_ event: String, _ handler: @escaping (Arguments) throws -> Void) {
    core.once(event, .atOnce(handler))
  }

  public func once(
    _ event: String, _ handler: @escaping (Arguments, Acknowledgement) throws -> Void
  ) {
    core.once(event, .answeringAtOnce(handler))
  }

  public func once(_ event: String, _ handler: @escaping (Arguments) async throws -> Void) {
    core.once(event, .waiting(handler))
  }

  public func once(
    _ event: String, _ handler: @escaping (Arguments, Acknowledgement) async throws -> Void
  ) {
    core.once(event, .answering(handler))
  }

  /// Takes the handlers of an event away.
  public func off(_ event: String) { core.off(event) }

  /// Every event, in front of its own handlers.
  @discardableResult
  public func onAny(_ handler: @escaping (String, Arguments) async throws -> Void) -> AnyListener {
    core.onAny(handler, isFirst: false, isOutgoing: false)
  }

  /// The same, in front of those that are there.
  @discardableResult
  public func prependAny(
    _ handler: @escaping (String, Arguments) async throws -> Void
  ) -> AnyListener {
    core.onAny(handler, isFirst: true, isOutgoing: false)
  }

  /// Takes one of these handlers away, or all.
  public func offAny(_ listener: AnyListener? = nil) {
    core.offAny(listener, isOutgoing: false)
  }

  /// Every event that goes to this client, also with others; acknowledgements are none.
  @discardableResult
  public func onAnyOutgoing(
    _ handler: @escaping (String, Arguments) async throws -> Void
  ) -> AnyListener {
    core.onAny(handler, isFirst: false, isOutgoing: true)
  }

  @discardableResult
  public func prependAnyOutgoing(
    _ handler: @escaping (String, Arguments) async throws -> Void
  ) -> AnyListener {
    core.onAny(handler, isFirst: true, isOutgoing: true)
  }

  public func offAnyOutgoing(_ listener: AnyListener? = nil) {
    core.offAny(listener, isOutgoing: true)
  }

  /// Decides about every packet of this client, in order. An error drops it: handlers of `error` get
  /// its message, and an old client an `error` event.
  public func use(_ middleware: @escaping (_ packet: [Value]) throws -> Void) {
    core.use(middleware)
  }

  // MARK: to this client

  public func emit(_ event: String, _ args: any Encodable...) {
    client.emit(core.number, core.checked(event), args.map { Value($0) }, flags)
  }

  /// The same with the arguments in a list.
  public func emit(_ event: String, _ args: [Value]) {
    client.emit(core.number, core.checked(event), args, flags)
  }

  /// The event `message`.
  public func send(_ args: any Encodable...) {
    client.emit(core.number, "message", args.map { Value($0) }, flags)
  }
  public func write(_ args: any Encodable...) {
    client.emit(core.number, "message", args.map { Value($0) }, flags)
  }

  /// Asks the client, and gives the arguments of its answer.
  ///
  /// - Throws: `EggError` "operation has timed out" after `timeout`, or "socket has been
  ///   disconnected".
  public func emitWithAck(_ event: String, _ args: any Encodable...) async throws -> [Value] {
    let values = [.text(core.checked(event))] + args.map { Value($0) }
    return try await waiting { client.ask(core.number, values, flags, timeout: limit, done: $0) }
  }

  /// Dropped when the client does not keep up.
  public var volatile: Socket {
    var copy = self
    copy.flags |= EGG_IO_VOLATILE
    return copy
  }

  /// `false`: not compressed, where `perMessageDeflate` or `httpCompression` would.
  public func compress(_ isWanted: Bool) -> Socket {
    var copy = self
    copy.flags = isWanted ? flags & ~EGG_IO_PLAIN : flags | EGG_IO_PLAIN
    return copy
  }

  /// Milliseconds to wait for an acknowledgement.
  public func timeout(_ milliseconds: Int) -> Socket {
    var copy = self
    copy.limit = milliseconds
    return copy
  }

  // MARK: to others

  /// Everybody in the namespace but this client.
  public var broadcast: Broadcast {
    Broadcast(
      client,
      BroadcastTarget(namespace: core.namespace, sender: core.number, flags: flags))
  }
  /// Everybody of this server but this client.
  public var local: Broadcast { broadcast.local }
  /// Everybody in these rooms but this client.
  public func to(_ rooms: String...) -> Broadcast { broadcast.adding(rooms: rooms) }
  public func `in`(_ rooms: String...) -> Broadcast { broadcast.adding(rooms: rooms) }
  public func except(_ rooms: String...) -> Broadcast { broadcast.adding(except: rooms) }

  // MARK: rooms and the end

  public func join(_ rooms: String...) {
    for room in rooms { client.join(core.number, room) }
  }
  public func join(_ rooms: [String]) {
    for room in rooms { client.join(core.number, room) }
  }
  public func leave(_ room: String) { client.leave(core.number, room) }

  /// Ends this namespace for the client, or with `close` its connection.
  public func disconnect(_ close: Bool = false) { client.disconnect(core.number, close: close) }
}

/// A handler of every event, to take it away with `offAny`.
public struct AnyListener: Hashable {
  let number: Int
}

/// The connection that the sockets of one client share: `socket.conn`.
public struct SocketConnection {
  private let core: SocketCore

  init(_ core: SocketCore) { self.core = core }

  /// Of the session. With it requests of the client may be forged: keep it to yourself.
  public var id: String { core.json(EGG_IO_STATE).conn.string ?? "" }
  /// "polling" or "websocket"
  public var transport: String { core.json(EGG_IO_STATE).transport.string ?? "" }
  /// 3 or 4: what the client's Engine.IO speaks.
  public var `protocol`: Int { core.json(EGG_IO_STATE).protocol.int ?? 0 }

  /// Called when the client has changed from polling to WebSocket.
  public func onUpgrade(_ handler: @escaping () -> Void) {
    core.onUpgrade(handler)
  }

  /// Ends the connection, and with it every namespace.
  public func close() { core.client.disconnect(core.number, close: true) }
}

/// How an event is acknowledged: `ack("ok")`.
public final class Acknowledgement {
  private let client: Client
  private let number: UInt64
  private let id: Int64
  private var isSpent = false

  init(_ client: Client, _ number: UInt64, _ id: Int64) {
    self.client = client
    self.number = number
    self.id = id
  }

  /// The client asked for an answer.
  public var isWanted: Bool { id >= 0 }

  /// Answers; the second time, and when nobody asked, nothing happens.
  public func callAsFunction(_ args: any Encodable...) { send(args.map { Value($0) }) }

  /// The same with a list.
  public func send(_ values: [Value]) {
    guard id >= 0, !isSpent else { return }
    isSpent = true
    client.acknowledge(number, id, values)
  }
}

/// The arguments of an event: `args[0].string`.
nonisolated public struct Arguments: RandomAccessCollection, Sendable {
  public let values: [Value]

  init(_ values: [Value]) { self.values = values }

  public var startIndex: Int { 0 }
  public var endIndex: Int { values.count }
  /// `.undefined` past the end.
  public subscript(place: Int) -> Value {
    values.indices.contains(place) ? values[place] : .undefined
  }

  /// One of your types.
  ///
  /// - Throws: `DecodingError` naming what does not fit.
  public func get<T: Decodable>(_ place: Int, as type: T.Type = T.self) throws -> T {
    try self[place].decode(type)
  }
}
