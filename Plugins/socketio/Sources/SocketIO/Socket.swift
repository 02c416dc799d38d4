public import EngineIO

/// A client in one namespace.
public final class Socket: Hashable {
  public enum State: Sendable {
    /// Middleware is deciding.
    case pending
    case connected
    case ended
  }

  public let id: String
  /// Unique in this process, never used again.
  public let number: UInt64
  public let namespace: Namespace
  public let client: Client
  /// The payload of CONNECT, a JSON object; empty for none.
  public let auth: [UInt8]
  /// Namespace and query of an old client's CONNECT, `token=1`.
  public let query: String
  /// What the application keeps with it, a JSON object.
  public var data: [UInt8] = []
  /// What the layer above keeps with it.
  public var owner: AnyObject?
  /// Told of every event for the client: its list, which is gone when they return, and its bytes.
  public var outgoing: [(UnsafeRawBufferPointer, [[UInt8]]) -> Void] = []
  /// Told when the client has changed from polling to WebSocket.
  public var upgraded: [() -> Void] = []
  public private(set) var state = State.pending
  /// Rooms that it joined, except that of its own id.
  public internal(set) var rooms: Set<String> = []
  public private(set) var isInOwnRoom = false
  private var waiting: [Int: AckWait] = [:]
  private var running = 0
  /// What it was before its connection was lost.
  private var lost: Recovery.Lost?
  /// By it the client comes back; nobody else is told.
  private let privateID: String?
  /// It is one that was away, with the same id, rooms and data.
  public let isRecovered: Bool
  /// Acknowledgements that the client waits for and a controller may give by returning.
  private var owed: Set<Int> = []

  init(
    _ id: String, number: UInt64, _ namespace: Namespace, _ client: Client, auth: [UInt8],
    query: String, lost: Recovery.Lost? = nil
  ) {
    self.lost = lost
    isRecovered = lost != nil
    privateID =
      namespace.recovery != nil && client.session.revision == .v4
      ? lost?.privateID ?? SessionID.make() : nil
    data = lost?.data ?? []

    self.id = id
    self.number = number
    self.namespace = namespace
    self.client = client
    self.auth = auth
    self.query = query
  }

  nonisolated public static func == (a: Socket, b: Socket) -> Bool { a === b }
  nonisolated public func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(self))
  }

  public var isConnected: Bool { state == .connected }
  public var hasEnded: Bool { state == .ended }
  public var session: Session { client.session }
  private var server: SocketServer { client.server }

  /// Its rooms and that of its own id.
  public var allRooms: [String] { (isInOwnRoom ? [id] : []) + rooms.sorted() }

  public func isIn(_ room: String) -> Bool {
    rooms.contains(room) || room == id && state != .ended
  }

  // MARK: the beginning

  /// Middleware has let it in.
  ///
  /// - Returns: false when it has gone meanwhile.
  @discardableResult
  public func accept() -> Bool {
    guard state == .pending else { return false }
    guard session.isOpen else { return false }
    state = .connected
    isInOwnRoom = true
    namespace.add(self)
    client.connected(self)
    if let lost { recover(lost) }
    send(connectPacket)
    server.handler?.connected(self)
    return true
  }

  /// Its rooms, and in front of CONNECT what it missed.
  private func recover(_ lost: Recovery.Lost) {
    self.lost = nil
    join(lost.rooms)
    for packet in namespace.recovery?.missed(by: lost) ?? [] { send(packet) }
  }

  private var connectPacket: OutPacket {
    guard session.revision == .v4 else { return OutPacket(.connect, namespace.name) }
    let pid = privateID.map { ",\"pid\":\"\($0)\"" } ?? ""
    return OutPacket(.connect, namespace.name, EventArguments("{\"sid\":\"\(id)\"\(pid)}"))
  }

  /// Middleware has refused it.
  ///
  /// - Parameters:
  ///   - data: JSON text.
  public func refuse(_ message: String, data: [UInt8]? = nil) {
    guard state == .pending else { return }
    let text = jsonText(message)
    if session.revision == .v4 {
      var json = Array("{\"message\":".utf8) + text
      if let data { json += Array(",\"data\":".utf8) + data }
      send(OutPacket(.error, namespace.name, EventArguments(json: json + [UInt8(ascii: "}")])))
    } else {
      send(OutPacket(.error, namespace.name, EventArguments(json: data ?? text)))
    }
    end("refused")
  }

  // MARK: what goes

  func send(_ packet: OutPacket) {
    packet.send(to: session)
  }

  /// The same for an event.
  func send(_ packet: OutPacket, of arguments: EventArguments) {
    if !outgoing.isEmpty { tell(arguments) }
    packet.send(to: session)
  }

  private func tell(_ arguments: EventArguments) {
    arguments.json.withUnsafeBytes { json in
      for listener in outgoing { listener(json, arguments.attachments) }
    }
  }

  /// - Parameters:
  ///   - arguments: a list, the event's name first.
  ///   - answer: asks for an acknowledgement; nil: no.
  ///   - timeout: milliseconds; 0: none.
  public func emit(
    _ arguments: EventArguments, isVolatile: Bool = false, isPlain: Bool = false,
    timeout: Int = 0,
    answer: ((Result<EventArguments, AckFailure>) -> Void)? = nil
  ) {
    guard state != .ended else {
      answer?(.failure(.disconnected))
      return
    }
    if !outgoing.isEmpty { tell(arguments) }
    var id = -1
    if let answer {
      id = namespace.nextAck()
      let wait = AckWait(self, id, answer)
      waiting[id] = wait
      if timeout > 0 { server.clock.set(wait, after: timeout) }
    } else if !isVolatile, privateID != nil, state == .connected, let recovery = namespace.recovery
    {
      let packet = OutPacket(
        .event, namespace.name, recovery.numbered(arguments), isPlain: isPlain)
      recovery.keep(packet, rooms: [self.id], except: [])
      return send(packet)
    }
    send(
      OutPacket(
        .event, namespace.name, ack: id, arguments, isVolatile: isVolatile, isPlain: isPlain))
  }

  /// An event without bytes that nobody answers, by far the most of all.
  ///
  /// - Parameter json: as `EventArguments.json`; gone when this returns.
  public func emit(json: UnsafeRawBufferPointer, isVolatile: Bool = false) {
    guard privateID == nil else {
      return emit(EventArguments(json: Array(json)), isVolatile: isVolatile)
    }
    guard state != .ended else { return }
    for listener in outgoing { listener(json, []) }
    namespace.eventHead.withUnsafeBytes { session.send($0, json, isVolatile: isVolatile) }
  }

  /// Answers an event of the client.
  public func acknowledge(_ id: Int, _ arguments: EventArguments) {
    if !owed.isEmpty { owed.remove(id) }
    guard state == .connected else { return }
    if arguments.attachments.isEmpty {
      return arguments.json.withUnsafeBytes { acknowledge(id, json: $0) }
    }
    send(OutPacket(.ack, namespace.name, ack: id, arguments))
  }

  /// - Parameter json: a list; gone when this returns.
  public func acknowledge(_ id: Int, json: UnsafeRawBufferPointer) {
    if !owed.isEmpty { owed.remove(id) }
    guard state == .connected else { return }
    let head = namespace.ackHead + String(id).utf8
    head.withUnsafeBytes { session.send($0, json) }
  }

  /// A handler has begun that may answer by what it returns.
  public func owe(_ id: Int) { owed.insert(id) }

  /// The handler has returned.
  ///
  /// - Parameter answer: nil: it returned nothing.
  public func settle(_ id: Int, _ answer: EventArguments?) {
    if owed.remove(id) != nil, let answer { acknowledge(id, answer) }
  }

  /// For clients of old: `4"message"`, which newer ones would take for the end of the connection.
  public func sendError(_ json: [UInt8]) {
    guard state == .connected, session.revision == .v3 else { return }
    send(OutPacket(.error, namespace.name, EventArguments(json: json)))
  }

  // MARK: what comes

  func answered(_ id: Int, _ arguments: EventArguments) {
    guard let wait = waiting.removeValue(forKey: id) else { return }
    server.clock.cancel(wait)
    wait.settle(.success(arguments))
  }

  /// An answer to a packet that went to many: kept here like the others.
  func expect(_ id: Int, _ answer: @escaping (Result<EventArguments, AckFailure>) -> Void) {
    waiting[id] = AckWait(self, id, answer)
  }

  func stopWaiting(_ id: Int) {
    guard let wait = waiting.removeValue(forKey: id) else { return }
    server.clock.cancel(wait)
  }

  fileprivate func timedOut(_ id: Int) {
    waiting.removeValue(forKey: id)?.settle(.failure(.timeout))
  }

  /// A handler has begun or ended; a client whose handlers are far behind is held back.
  public func count(handlers change: Int) {
    running += change
    if change > 0, running == server.limits.maxRunning { session.pause(true) }
    if change < 0, running == server.limits.maxRunning / 2 { session.pause(false) }
  }

  // MARK: rooms

  public func join(_ names: [String]) {
    guard state != .ended else { return }
    for name in names where name.utf8.count <= server.limits.maxRoomName {
      if name == id { isInOwnRoom = true } else { namespace.adapter.add(self, name) }
    }
  }

  public func leave(_ name: String) {
    if name == id { isInOwnRoom = false } else { namespace.adapter.remove(self, name) }
  }

  // MARK: the end

  /// Ends this namespace for the client, or with `close` the whole connection.
  public func disconnect(close: Bool = false) {
    switch state {
    case .ended: return
    case .pending:
      // What was sent before reaches the handlers of a client only behind CONNECT.
      send(connectPacket)
      if close { return client.disconnect() }
      send(OutPacket(.disconnect, namespace.name))
      end("server namespace disconnect")
    case .connected:
      if close { return client.disconnect() }
      send(OutPacket(.disconnect, namespace.name))
      end("server namespace disconnect")
    }
  }

  func end(_ reason: String) {
    guard state != .ended else { return }
    let wasConnected = state == .connected
    if wasConnected { server.handler?.disconnecting(self, reason) }
    guard state != .ended else { return }
    state = .ended
    client.forget(self)
    if wasConnected, let privateID, Recovery.isRecoverable(reason) {
      namespace.recovery?.lose(id, privateID, Array(rooms), data)
    }
    isInOwnRoom = false
    namespace.adapter.removeAll(self)
    namespace.remove(self)
    let waits = waiting
    waiting = [:]
    for wait in waits.values {
      server.clock.cancel(wait)
      wait.settle(.failure(.disconnected))
    }
    server.handler?.ended(self, reason, wasConnected: wasConnected)
    owner = nil
    outgoing = []
    upgraded = []
  }
}

/// Why there is no answer.
nonisolated public enum AckFailure: Error, Sendable {
  case timeout, disconnected

  public var message: String {
    switch self {
    case .timeout: "operation has timed out"
    case .disconnected: "socket has been disconnected"
    }
  }
}

/// An acknowledgement that is waited for.
final class AckWait: Alarm {
  private weak var socket: Socket?
  private let id: Int
  private let answer: (Result<EventArguments, AckFailure>) -> Void

  init(
    _ socket: Socket, _ id: Int, _ answer: @escaping (Result<EventArguments, AckFailure>) -> Void
  ) {
    self.socket = socket
    self.id = id
    self.answer = answer
    super.init()
  }

  func settle(_ result: Result<EventArguments, AckFailure>) { answer(result) }

  override func ring() { socket?.timedOut(id) }
}
