/// Why a session ended, in the words that handlers of `disconnect` get.
nonisolated public enum EndReason: String, Sendable {
  case transportClose = "transport close"
  case transportError = "transport error"
  case parseError = "parse error"
  case pingTimeout = "ping timeout"
  case forcedClose = "forced close"
  case forcedServerClose = "forced server close"
  case shuttingDown = "server shutting down"
}

/// One client of the engine: packets in and out, by polling or by WebSocket, and its heartbeat.
///
/// Everything happens on the loop, so the steps of one session never overlap.
public final class Session: Alarm {
  enum State { case open, saysGoodbye, closed }

  public let id: String
  public let revision: Revision
  public let handshake: HandshakeFacts
  /// What the layer above keeps; it gets the messages in the delegate's place.
  public var owner: (any SessionOwner)?
  unowned let server: EngineServer
  private(set) var state = State.open

  /// The transport; nil is polling.
  private(set) var peer: WebSocketPeer?
  /// A WebSocket that asks to become the transport.
  private(set) var candidate: WebSocketPeer?
  /// A binary message goes as base64 text (`b64=1`).
  let wantsBase64: Bool
  /// The number of a script tag's callback.
  let jsonp: Int?

  private var queue: [Outgoing] = []
  private var queueSize = 0
  private var poll: Poll?
  private var isPosting = false
  private var isAwaitingPong = false

  /// - Parameter givenID: what the application wants the client to be known by. Only old clients have it
  ///   as the session's id too, as theirs are the same; of others that is a secret.
  init(
    _ server: EngineServer, _ request: EngineRequest, peer: WebSocketPeer?, givenID: String? = nil
  ) {
    self.server = server
    revision = request.revision
    id = revision == .v3 ? givenID ?? SessionID.make() : SessionID.make()
    handshake = HandshakeFacts(request, issued: server.wallClock(), givenID: givenID)
    wantsBase64 = request["b64"].map { !$0.isEmpty && $0 != "0" && $0 != "false" } ?? false
    jsonp = server.options.jsonp ? request["j"].map(Self.digits) : nil
    self.peer = peer
    super.init()
  }

  private static func digits(_ text: String) -> Int {
    Int(String(text.filter { $0 >= "0" && $0 <= "9" }.prefix(9))) ?? 0
  }

  public var isOpen: Bool { state == .open }
  public var transportName: String { peer == nil ? "polling" : "websocket" }
  var isUpgrading: Bool { candidate != nil }
  /// Somebody waits for a packet, or the wire takes more.
  public var isWritable: Bool { peer.map { !$0.isBlocked } ?? (poll != nil && queue.isEmpty) }

  // MARK: the beginning

  /// The first packet, as text without its digit.
  var openBody: [UInt8] {
    let options = server.options
    let upgrades =
      peer == nil && options.allowUpgrades && options.allowsWebSocket ? "[\"websocket\"]" : "[]"
    return Array(
      ("{\"sid\":\"\(id)\",\"upgrades\":\(upgrades),\"pingInterval\":\(options.pingInterval),"
        + "\"pingTimeout\":\(options.pingTimeout),\"maxPayload\":\(options.maxHttpBufferSize)}")
        .utf8)
  }

  func begin() {
    switch revision {
    case .v4: server.clock.set(self, after: server.options.pingInterval)
    case .v3: heard()
    }
  }

  // MARK: heartbeat

  private func heard() {
    server.clock.set(self, after: server.options.pingInterval + server.options.pingTimeout)
  }

  public override func ring() {
    switch state {
    case .saysGoodbye: finish()
    case .closed: break
    case .open:
      if revision == .v3 || isAwaitingPong { return close(.pingTimeout) }
      isAwaitingPong = true
      server.clock.set(self, after: server.options.pingTimeout)
      send(Outgoing(.ping))
    }
  }

  // MARK: what comes

  /// A packet of the client, from either transport.
  ///
  /// - Returns: false when the session is over.
  func receive(_ packet: Incoming) -> Bool {
    guard state == .open else { return false }
    switch packet {
    case .binary(let bytes):
      if let owner {
        owner.received(binary: bytes)
      } else {
        server.delegate?.received(self, binary: bytes)
      }
    case .text(let kind, let body):
      switch kind {
      case .message: body.withUnsafeBytes { receive(text: $0) }
      case .ping: ping()
      case .pong: pong()
      case .close: close(.transportClose, byPeer: true)
      case .open, .upgrade, .noop: break
      }
    }
    return state == .open
  }

  func receive(text: UnsafeRawBufferPointer) {
    if let owner {
      owner.received(text: text)
    } else {
      server.delegate?.received(self, text: text)
    }
  }

  private func ping() {
    guard revision == .v3 else { return close(.transportError) }
    heard()
    send(Outgoing(.pong))
  }

  private func pong() {
    guard revision == .v4 else { return close(.transportError) }
    guard isAwaitingPong else { return }
    isAwaitingPong = false
    server.clock.set(self, after: server.options.pingInterval)
  }

  // MARK: what goes

  /// Sends a packet, or keeps it until the client asks. A client for which too much waits is let go.
  public func send(_ packet: Outgoing) {
    guard state == .open else { return }
    if packet.isVolatile, !isWritable { return }
    guard let peer else {
      queue.append(packet)
      queueSize += packet.size
      if queueSize > server.options.maxQueue { return close(.transportError) }
      poll?.wake()
      return
    }
    if !peer.send(packet) { refused() }
  }

  /// Sends a message of text in two parts, whose bytes are gone when this returns.
  public func send(
    _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, isVolatile: Bool = false
  ) {
    guard state == .open else { return }
    switch peer?.send(head, body) {
    case true?: break
    case false?: refused()
    case nil: send(Outgoing(.message, Array(head) + Array(body), isVolatile: isVolatile))
    }
  }

  /// What waits is not worth sending to somebody who does not read.
  private func refused() {
    peer?.drop()
    close(.transportError)
  }

  /// Stops and restarts what the client sends.
  public func pause(_ paused: Bool) { peer?.pause(paused) }

  /// What a polling answer holds now. At most about a megabyte, the rest comes with the next.
  private func takeQueue() -> ArraySlice<Outgoing> {
    var count = 0
    var size = 0
    while count < queue.count, count < server.options.maxPollPackets, size < 1 << 20 {
      size += queue[count].size
      count += 1
    }
    let taken = queue[..<count]
    queue.removeSubrange(..<count)
    queueSize = queue.reduce(0) { $0 + $1.size }
    return taken
  }

  // MARK: polling

  /// A GET: waits until there is something to say.
  ///
  /// - Returns: nil when the client has gone away meanwhile.
  func answerPoll() async -> EngineAnswer? {
    if let poll {
      poll.end(.overlap)
      close(.transportError)
      return EngineError.badRequest.answer()
    }
    if state == .saysGoodbye {
      queue.append(Outgoing(.close))
      let answer = pollAnswer(takeQueue())
      finish()
      return answer
    }
    guard queue.isEmpty else { return pollAnswer(takeQueue()) }
    if isProbed { return pollAnswer([Outgoing(.noop)]) }
    let poll = Poll()
    self.poll = poll
    let outcome = await poll.wait()
    if self.poll === poll { self.poll = nil }
    switch outcome {
    case .ready:
      let packets = takeQueue()
      return pollAnswer(packets.isEmpty ? [Outgoing(.noop)] : packets)
    case .noop: return pollAnswer([Outgoing(.noop)])
    case .goodbye, .overlap: return pollAnswer([Outgoing(.close)])
    case .gone:
      close(.transportError)
      return nil
    }
  }

  func pollAnswer(_ packets: ArraySlice<Outgoing>) -> EngineAnswer {
    let isText = wantsBase64 || jsonp != nil
    let (body, isBinary) = Payload.write(packets, revision, allowBinary: !isText)
    var answer = EngineAnswer.text(
      isBinary ? body : jsonp.map { JSONP.write(body, $0) } ?? body,
      type: isBinary ? "application/octet-stream" : "text/plain; charset=UTF-8")
    if jsonp != nil { answer.fields.append(("X-Content-Type-Options", "nosniff")) }
    answer.isCompressible = packets.contains { !$0.isPlain }
    return answer
  }

  /// A POST with packets of the client.
  func take(
    _ request: EngineRequest, _ read: (Int) async throws(BodyFailure) -> [UInt8]
  ) async -> EngineAnswer {
    guard !isPosting else {
      close(.transportError)
      return EngineError.badRequest.answer()
    }
    let isBinary = request.contentType == "application/octet-stream"
    if isBinary, revision == .v4 {
      close(.transportError)
      return EngineError.badRequest.answer()
    }
    isPosting = true
    defer { isPosting = false }
    var body: [UInt8]
    do throws(BodyFailure) {
      body = try await read(server.options.maxHttpBufferSize)
    } catch {
      var answer = EngineAnswer()
      switch error {
      case .tooLong: answer.status = 413
      case .broken:
        close(.transportError)
        answer.status = 400
      }
      return answer
    }
    guard state == .open else { return EngineError.badRequest.answer() }
    if jsonp != nil { body = JSONP.read(body) }
    do throws(Payload.Failure) {
      try Payload.read(
        body, revision, binary: isBinary, limit: server.options.maxPackets
      ) { receive($0) }
    } catch {
      close(.parseError)
    }
    return .text(Array("ok".utf8), type: "text/html")
  }

  // MARK: upgrade

  func offer(_ peer: WebSocketPeer) {
    candidate = peer
  }

  /// The probe has come: whoever polls is sent back, so that the client can finish its polling.
  func probed() { poll?.end(.noop) }

  /// A GET that comes after the probe is sent back too.
  private var isProbed: Bool { candidate?.isProbed ?? false }

  func candidateEnded(_ peer: WebSocketPeer) {
    if candidate === peer { candidate = nil }
  }

  /// The last step: the WebSocket is the transport, and what waits goes over it.
  func upgrade(to peer: WebSocketPeer) {
    guard state == .open, candidate === peer else { return }
    candidate = nil
    self.peer = peer
    poll?.end(.noop)
    let waiting = queue
    queue = []
    queueSize = 0
    for packet in waiting { send(packet) }
    owner?.upgraded()
  }

  // MARK: the end

  /// Ends the session; does nothing when it has ended.
  ///
  /// - Parameter byPeer: the client said so, and need not be told.
  public func close(_ reason: EndReason, byPeer: Bool = false) {
    guard state == .open else { return }
    let candidate = candidate
    self.candidate = nil
    if let peer {
      finish()
      peer.close()
    } else if byPeer || reason == .transportError || reason == .pingTimeout || reason == .parseError
    {
      finish()
      poll?.end(byPeer ? .noop : .goodbye)
    } else if poll != nil, queue.isEmpty {
      finish()
      poll?.end(.goodbye)
    } else {
      state = .saysGoodbye
      server.clock.set(self, after: server.options.goodbyeTimeout)
    }
    candidate?.close()
    server.ended(self, reason)
  }

  /// The session is not known any more.
  private func finish() {
    state = .closed
    server.clock.cancel(self)
    server.forget(self)
    if poll == nil { queue = [] }
  }
}

/// Why a request's body could not be read.
nonisolated public enum BodyFailure: Error, Sendable { case tooLong, broken }

/// A GET that waits for packets.
final class Poll {
  enum Outcome { case ready, noop, goodbye, overlap, gone }

  private var waiting: UnsafeContinuation<Outcome, Never>?
  private var outcome: Outcome?

  func wait() async -> Outcome {
    if let outcome { return outcome }
    return await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        if let outcome { return continuation.resume(returning: outcome) }
        if Task.isCancelled { return continuation.resume(returning: .gone) }
        waiting = continuation
      }
    } onCancel: {
      Task { @MainActor in self.end(.gone) }
    }
  }

  /// The waiting task goes on in the next turn of the loop; what is sent until then goes with it.
  func wake() { end(.ready) }

  func end(_ outcome: Outcome) {
    guard self.outcome == nil else { return }
    self.outcome = outcome
    waiting?.resume(returning: outcome)
    waiting = nil
  }
}
