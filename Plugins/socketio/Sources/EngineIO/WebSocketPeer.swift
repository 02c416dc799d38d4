internal import EggWebSocket

/// One WebSocket on the server's path: a session's transport, one that asks to become it, or one
/// that is accepted only to be closed.
public final class WebSocketPeer: Alarm {
  enum Role {
    /// Becomes a new session when it is open.
    case fresh(EngineRequest, id: String?)
    case session(Session)
    case candidate(Session)
    /// Clients have no handler for a refused upgrade; they have one for a close.
    case doomed
  }

  private unowned let server: EngineServer
  private var role: Role
  private var parser: MessageParser
  private let compression: Compression?
  private var wire: (any Wire)?
  private(set) var isProbed = false
  /// The client does not keep up.
  private(set) var isBlocked = false
  private var isClosing = false

  init(_ server: EngineServer, _ role: Role, _ compression: Compression?) {
    self.server = server
    self.role = role
    self.compression = compression
    parser = MessageParser(
      .server, maxPayload: server.options.maxHttpBufferSize, expand: compression?.expansion)
    super.init()
  }

  // MARK: the connection

  /// The answer 101 is on its way.
  public func opened(_ wire: any Wire) {
    self.wire = wire
    switch role {
    case .fresh(let request, let id):
      let session = Session(server, request, peer: self, givenID: id)
      role = .session(session)
      server.begin(session)
    case .candidate(let session):
      if session.isOpen {
        server.clock.set(self, after: server.options.upgradeTimeout)
      } else {
        close()
      }
    case .doomed: close()
    case .session: break
    }
  }

  public func received(_ bytes: UnsafeRawBufferPointer) {
    do {
      try parser.feed(bytes, text: { if !isClosing { take(text: $0) } }) { take($0) }
    } catch {
      fail(error)
    }
  }

  public func writable() { isBlocked = false }

  /// The connection has ended.
  ///
  /// - Parameter broken: by an error, not by an end.
  public func closed(broken: Bool) {
    wire = nil
    isClosing = true
    server.clock.cancel(self)
    leave(broken ? .transportError : .transportClose)
  }

  private func leave(_ reason: EndReason) {
    let role = role
    self.role = .doomed
    switch role {
    case .session(let session): session.close(reason, byPeer: true)
    case .candidate(let session): session.candidateEnded(self)
    case .fresh(_, let id): server.free(id)
    case .doomed: break
    }
  }

  // MARK: frames

  private func take(_ event: MessageParser.Event) {
    switch event {
    // Texts are taken where they lie.
    case .text: break
    case .binary(let bytes):
      guard !isClosing else { return }
      take(binary: bytes)
    case .ping(let bytes):
      if !isClosing { write(FrameWriter.frame(.pong, bytes)) }
    case .pong: break
    case .close(let code, _):
      if !isClosing { write(FrameWriter.close(code)) }
      isClosing = true
      wire?.close(now: false)
      leave(.transportClose)
    }
  }

  private func take(text: UnsafeRawBufferPointer) {
    switch role {
    case .session(let session):
      // By far the most, and nothing of it has to be copied.
      if text.first == PacketKind.message.rawValue {
        if session.isOpen { session.receive(text: UnsafeRawBufferPointer(rebasing: text[1...])) }
        return
      }
      guard let packet = Payload.textPacket(text, session.revision, isChecked: true) else {
        return session.close(.parseError)
      }
      _ = session.receive(packet)
    case .candidate(let session): upgrade(session, text)
    case .fresh, .doomed: break
    }
  }

  private func take(binary bytes: [UInt8]) {
    switch role {
    case .session(let session):
      if session.revision == .v4 {
        _ = session.receive(.binary(bytes))
      } else if bytes.first == 4 {
        _ = session.receive(.binary(Array(bytes[1...])))
      } else {
        session.close(.parseError)
      }
    case .candidate: close()
    case .fresh, .doomed: break
    }
  }

  /// `2probe`, then `5`; anything else ends this connection, and polling goes on.
  private func upgrade(_ session: Session, _ text: UnsafeRawBufferPointer) {
    if text.elementsEqual("2probe".utf8) {
      isProbed = true
      write(Outgoing(.pong, Array("probe".utf8)).frame(session.revision))
      session.probed()
    } else if text.first == PacketKind.upgrade.rawValue, session.isOpen {
      server.clock.cancel(self)
      role = .session(session)
      session.upgrade(to: self)
    } else {
      close()
    }
  }

  /// The client breaks the rules of WebSocket.
  private func fail(_ failure: WebSocketFailure) {
    if !isClosing { write(FrameWriter.close(failure.code, reason: failure.message)) }
    isClosing = true
    wire?.close(now: false)
    leave(.transportError)
  }

  // MARK: what goes

  /// - Returns: false when the client is too slow or gone.
  func send(_ packet: Outgoing) -> Bool {
    guard let wire, !isClosing else { return true }
    if isBlocked, wire.waiting > server.options.maxQueue { return false }
    var state = WireState.taken
    if packet.isBinary, case .session(let session) = role, session.revision == .v3,
      session.wantsBase64
    {
      var text: [UInt8] = []
      Payload.appendText(packet, .v3, to: &text)
      state = wire.write(FrameWriter.frame(.text, text))
    } else {
      state = wire.write(compression?.packet(packet, revision) ?? packet, revision)
    }
    if state == .wait { isBlocked = true }
    return state != .refused
  }

  /// A message of text in two parts.
  ///
  /// - Returns: nil when it has to go as a packet; otherwise as `send`.
  func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Bool? {
    guard compression == nil, !isBlocked, !isClosing, let wire else { return nil }
    let state = wire.write(head, body)
    if state == .wait { isBlocked = true }
    return state != .refused
  }

  private var revision: Revision {
    if case .session(let session) = role { session.revision } else { .v4 }
  }

  private func write(_ frame: [UInt8]) {
    if wire?.write(frame) == .wait { isBlocked = true }
  }

  func pause(_ paused: Bool) {
    if !isClosing { wire?.pause(paused) }
  }

  /// A close frame without a number, as the reference sends it; the connection ends when the client
  /// has answered, or after a while.
  func close() {
    guard !isClosing else { return }
    isClosing = true
    wire?.pause(false)
    write(FrameWriter.close())
    server.clock.set(self, after: server.options.closeTimeout)
    leave(.forcedClose)
  }

  /// Ends the connection without a word.
  func drop() {
    isClosing = true
    role = .doomed
    wire?.close(now: true)
  }

  /// An upgrade has taken too long, or a close frame was not answered.
  public override func ring() {
    if isClosing { wire?.close(now: true) } else { close() }
  }
}
