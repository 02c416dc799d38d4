internal import EggWebSocket

/// The life of one WebSocket: what comes is parsed and handed to the controller, one message at a
/// time; pings, the closing handshake and back-pressure are seen to here.
final class WebSocketSession: ConnectionHandler {
  private enum State { case opening, open, closing, over }

  private enum Message {
    case text(String)
    case data([UInt8])

    /// What it takes in the queue.
    var size: Int {
      switch self {
      case .text(let text): text.utf8.count + 64
      case .data(let bytes): bytes.count + 64
      }
    }
  }

  let subprotocol: String?
  private let controller: WebSocketController
  private let set: WebSocketSet
  private var parser: MessageParser
  private var connection: Connection?
  private var state = State.opening
  private var ending: (code: CloseCode, reason: String)?

  // What came and waits for the controller.
  private var inbox = ArraySlice<Message>()
  private var inboxSize = 0
  private var isPaused = false
  private var reader: UnsafeContinuation<Void, Never>?

  // What waits for the client.
  private var isBlocked = false
  private var writers: [UnsafeContinuation<Void, Never>] = []
  private var pong: [UInt8]?

  private var timer: LoopTimer?
  private var wasHeard = true
  private var isAsked = false

  init(_ controller: WebSocketController, _ set: WebSocketSet, subprotocol: String?) {
    self.controller = controller
    self.set = set
    self.subprotocol = subprotocol
    parser = MessageParser(.server, maxPayload: set.options.maxPayload)
  }

  static var closedError: EggError {
    EggError(code: "EGG_SOCKET_CLOSED", "the WebSocket has ended")
  }

  var isOpen: Bool { state == .open }
  var waiting: Int { connection?.waiting ?? 0 }

  // MARK: the connection

  func opened(_ connection: Connection) {
    self.connection = connection
    state = .open
    controller.session = self
    set.insert(self)
    startPings()
    Task.immediate { await self.run() }
  }

  func received(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) {
    wasHeard = true
    isAsked = false
    do {
      try parser.feed(bytes) { take($0) }
    } catch {
      fail(error.code, error.message)
    }
    if inboxSize > limit, !isPaused {
      isPaused = true
      connection.pause(true)
    }
  }

  func writable(_ connection: Connection) {
    isBlocked = false
    if let pong {
      self.pong = nil
      write(FrameWriter.frame(.pong, pong))
    }
    wakeWriters()
  }

  func closed(_ reason: CloseReason) {
    let wasOpened = connection != nil
    connection = nil
    if ending == nil {
      ending = reason == .shutdown ? (.goingAway, "the server ends") : (.abnormal, "")
    }
    state = .over
    timer?.cancel()
    timer = nil
    isBlocked = false
    wakeWriters()
    wakeReader()
    set.remove(self)
    if !wasOpened { controller.session = nil }
  }

  // MARK: what comes

  private var limit: Int { max(64 << 10, set.options.maxPayload) }

  private func take(_ event: MessageParser.Event) {
    switch event {
    case .text(let text): queue(.text(text))
    case .binary(let bytes): queue(.data(bytes))
    case .ping(let bytes): answer(ping: bytes)
    case .pong: break
    case .close(let code, let reason): peerCloses(code, reason)
    }
  }

  private func queue(_ message: Message) {
    // After our close frame the client's messages have nobody to read them.
    guard state == .open else { return }
    inbox.append(message)
    inboxSize += message.size
    wakeReader()
  }

  /// With much waiting to be sent only the last ping is answered (RFC 6455 §5.5.3).
  private func answer(ping bytes: [UInt8]) {
    guard state == .open else { return }
    if isBlocked {
      pong = bytes
    } else {
      write(FrameWriter.frame(.pong, bytes))
    }
  }

  private func peerCloses(_ code: CloseCode?, _ reason: String) {
    ending = (code ?? .noStatus, reason)
    if state == .open { write(FrameWriter.close(code)) }
    finish()
  }

  /// The other side breaks the rules: says why, and ends.
  private func fail(_ code: CloseCode, _ message: String) {
    if ending == nil { ending = (code, message) }
    if state == .open { write(FrameWriter.close(code, reason: message)) }
    discardInbox()
    finish()
  }

  /// Sends what waits and ends the stream; `closed` follows.
  private func finish() {
    state = .closing
    armCloseTimer()
    connection?.pause(false)
    connection?.close()
    wakeWriters()
    wakeReader()
  }

  // MARK: what goes

  func send(_ frame: [UInt8]) async throws {
    while isBlocked, state == .open { await writableAgain() }
    guard state == .open, let connection else { throw Self.closedError }
    switch connection.write(frame) {
    case .taken: return
    case .wait:
      isBlocked = true
      while isBlocked, state == .open { await writableAgain() }
      if state == .over { throw Self.closedError }
    case .refused: throw Self.closedError
    }
  }

  func post(_ frame: [UInt8]) -> Bool {
    guard state == .open else { return false }
    return write(frame)
  }

  @discardableResult
  private func write(_ frame: [UInt8]) -> Bool {
    switch connection?.write(frame) {
    case .taken?: return true
    case .wait?:
      isBlocked = true
      return true
    case .refused?, nil: return false
    }
  }

  private func writableAgain() async {
    await withUnsafeContinuation { writers.append($0) }
  }

  private func wakeWriters() {
    let waiting = writers
    writers = []
    for writer in waiting { writer.resume() }
  }

  /// Our side of the closing handshake.
  func close(_ code: CloseCode, _ reason: String) {
    guard state == .open else { return }
    state = .closing
    write(FrameWriter.close(code, reason: reason))
    ours = (code, reason)
    discardInbox()
    armCloseTimer()
    wakeWriters()
    wakeReader()
  }

  private var ours: (code: CloseCode, reason: String)?

  private func armCloseTimer() {
    timer?.cancel()
    timer = try? controller.app.loop.timer(after: .milliseconds(set.options.closeTimeout)) {
      [weak self] in
      guard let self else { return }
      if self.ending == nil { self.ending = self.ours ?? (.abnormal, "") }
      self.connection?.close(now: true)
    }
  }

  // MARK: pings

  private func startPings() {
    guard set.options.pingInterval > 0 else { return }
    let interval = Duration.milliseconds(set.options.pingInterval)
    do {
      timer = try controller.app.loop.timer(after: interval, every: interval) { [weak self] in
        self?.listenForLife()
      }
    } catch {
      controller.logger.error(error)
    }
  }

  private func listenForLife() {
    // Who is held back by us cannot be heard.
    if wasHeard || isPaused {
      wasHeard = false
      isAsked = false
    } else if isAsked {
      connection?.close(now: true)
    } else {
      isAsked = true
      write(FrameWriter.frame(.ping, []))
    }
  }

  // MARK: the controller

  private func run() async {
    do {
      try await controller.connect()
      while let message = await next() {
        switch message {
        case .text(let text): try await controller.message(text)
        case .data(let bytes): try await controller.message(bytes)
        }
      }
    } catch {
      report(error)
    }
    while state != .over { await readable() }
    let ending = ending ?? (.abnormal, "")
    await controller.close(Int(ending.code.rawValue), ending.reason)
    controller.session = nil
  }

  /// The next message; nil when there will be no more.
  private func next() async -> Message? {
    while inbox.isEmpty {
      guard state == .open else { return nil }
      await readable()
    }
    let message = inbox.removeFirst()
    inboxSize -= message.size
    if inbox.isEmpty { inbox = [] }
    if isPaused, inboxSize < limit / 2 {
      isPaused = false
      connection?.pause(false)
    }
    return message
  }

  private func readable() async {
    await withUnsafeContinuation { reader = $0 }
  }

  private func wakeReader() {
    let waiting = reader
    reader = nil
    waiting?.resume()
  }

  private func discardInbox() {
    inbox = []
    inboxSize = 0
    // The answer to our close frame has to be heard.
    if isPaused {
      isPaused = false
      connection?.pause(false)
    }
  }

  private func report(_ error: any Error) {
    if error is WebSocketUnsupported {
      return close(.unsupportedData, "this kind of message is not understood here")
    }
    let failure = EggError(error)
    // A send to somebody who has gone is nobody's mistake.
    if failure.code == Self.closedError.code, state != .open { return }
    if failure.expose { return close(.policyViolation, failure.message) }
    controller.logger.error(failure)
    controller.app.emit(failure, ctx: controller.ctx)
    close(.internalError, "")
  }
}
