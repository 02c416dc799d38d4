import Glibc
import LinuxHeaders
import PluginABI

/// One client connection: reads requests, answers them in order, or hands the stream to a unit.
///
/// Edge-triggered: `canRead` and `canWrite` remember what the socket last said. The connection holds a
/// read buffer only while bytes of an unfinished request are in it, and an outbox only while something
/// waits, so an idle one holds neither.
final class Connection: ReadySource {
  @available(*, unavailable)
  override init() { preconditionFailure("a connection has a descriptor") }

  enum State: UInt8 {
    /// TLS is being agreed on.
    case handshake
    /// Waiting for, or in the middle of, a request head.
    case head
    /// A request runs; its answer has not begun.
    case running
    /// The answer's body is being produced or sent.
    case answering
    /// What is left of a request body is thrown away before the next request.
    case draining
    /// The stream is a unit's.
    case taken
    /// Everything is said; the peer's last bytes are thrown away, so that it can read the answer.
    case lingering
    case closed
  }

  let worker: Worker
  let descriptor: Int32
  let remoteAddress: egg_str
  let remotePort: UInt32
  let localPort: UInt32
  private let addressText: StaticText?

  var state = State.head
  var canRead = true
  var canWrite = true
  /// The peer has sent its last byte.
  var isReadClosed = false
  var closesAfterAnswer = false
  /// The running request ends with the peer's last byte.
  private var isCancelledByEnd = false
  var isProcessing = false
  var isDirty = false
  /// The socket has refused bytes since the outbox was empty last.
  private var isBlocked = false
  var input: ByteBuffer?
  var outbox = Outbox()
  var parser: RequestParser
  /// Of the request that is read or runs. Not counted: the worker keeps contexts alive.
  private var contextReference: Unmanaged<Context>?
  var context: Context? { contextReference?.takeUnretainedValue() }
  var bodyReader: BodyReader?
  var stream: BodyStream?
  var takeover: Takeover?
  /// Of an HTTPS connection; all that is read and written goes through it.
  var tls: TLSStream?
  /// Answers that are complete and not yet sent; they count as running until they are.
  private var unsent = 0
  /// Requests answered, for `maxRequestsPerConnection` and logs.
  var answered = 0

  init(worker: Worker, descriptor: Int32, peer: PeerAddress) {
    self.worker = worker
    self.descriptor = descriptor
    addressText = peer.text.isEmpty ? nil : StaticText(peer.text)
    remoteAddress = addressText?.value ?? egg_str()
    remotePort = peer.port
    localPort = peer.localPort
    parser = RequestParser(limits: worker.requestLimits)
    super.init()
  }

  /// Whether every answer is sent and no byte of a next request has arrived.
  var isIdle: Bool { outbox.isEmpty && (input?.isEmpty ?? true) }

  /// Whether bytes have arrived that nobody has read yet.
  var hasInput: Bool {
    if let tls, tls.hasPending {
      canRead = true
      return true
    }
    var byte: UInt8 = 0
    guard recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) > 0 else {
      return false
    }
    tls?.socketIsReadable()
    canRead = true
    return true
  }

  // MARK: events

  override func ready(_ events: ReadyEvents) {
    if events.contains(.readable) { canRead = true }
    if events.contains(.readClosed) {
      canRead = true
      isReadClosed = true
    }
    if let tls {
      if canRead { tls.socketIsReadable() }
      if events.contains(.writable) { tls.socketIsWritable() }
    }
    if events.contains(.writable), !canWrite {
      canWrite = true
      if tls != nil, state == .lingering, outbox.isEmpty { shutdownWriting() }
      flush()
    }
    if events.contains(.error) || events.contains(.hangup) { return reset() }
    if isReadClosed, isCancelledByEnd, state == .running { return reset() }
    if state == .head || state == .taken, !isProcessing { return gather() }
    processInOrder()
  }

  /// What came before on other connections and waits for the end of the batch goes first: two connections
  /// may be of one client, whose second one relies on what it said by the first.
  func processInOrder() {
    worker.answerGathered()
    process()
  }

  /// Reads what has come; it is answered together with that of the other connections that have something.
  private func gather() {
    guard canRead, input == nil, !outbox.isCongested else { return processInOrder() }
    if state == .taken ? readMoreTaken() : readMore() {
      worker.gather(self)
    } else if state != .closed {
      flush()
    }
  }

  /// From now on the running request is cancelled when the peer ends its side.
  func cancelsOnEnd() {
    isCancelledByEnd = true
    // Whoever asks is in the middle of the request that would end.
    if isReadClosed { worker.turn.push(.run { [self] in ready([.readClosed]) }) }
  }

  override func deadlinePassed() {
    switch state {
    case .handshake:
      close()
    case .head:
      // A client that doesn't read gets no answer that it would not read either.
      if (input?.isEmpty ?? true) || isBlocked {
        close()
      } else {
        refuse(status: 408, reason: "the request head did not arrive in time")
      }
    case .running:
      if let bodyReader, bodyReader.isWanted {
        bodyReader.fail(
          status: 408, code: "EGG_BODY_TIMEOUT", "the request body did not arrive in time")
      } else if isBlocked {
        close()
      }
    case .answering, .draining, .lingering:
      close()
    case .taken:
      if !outbox.isEmpty { end(.timeout) }
    case .closed:
      break
    }
  }

  /// Requests of one connection that are answered before others get their turn.
  private static let batch = 256

  /// Goes on as far as the bytes at hand allow, then sends what that gave.
  func process() {
    guard !isProcessing else { return }
    goOn()
    if state != .closed { flush() }
  }

  /// Goes on as far as the bytes at hand allow; somebody else calls `flush`.
  func goOn() {
    guard !isProcessing else { return }
    isProcessing = true
    var goesOn = true
    let before = answered
    while goesOn {
      if answered &- before >= Connection.batch, state == .head {
        // A client that pipelines without end is not the only one.
        worker.turn.push(.run { [self] in process() })
        break
      }
      switch state {
      case .handshake: goesOn = shakeHands()
      case .head: goesOn = readHead()
      case .running: goesOn = readBody()
      case .answering: goesOn = false
      case .draining: goesOn = drainBody()
      case .taken: goesOn = readTaken()
      case .lingering: goesOn = discardInput()
      case .closed: goesOn = false
      }
    }
    isProcessing = false
  }

  // MARK: reading

  /// Reads once into `buffer`.
  ///
  /// - Returns: bytes read; 0 when nothing is there; -1 at the end of the stream or after a reset.
  func read(into buffer: ByteBuffer, atLeast room: Int) -> Int {
    guard canRead else { return 0 }
    if let tls { return read(tls, into: buffer, atLeast: room) }
    let start = buffer.reserve(room)
    let space = buffer.room
    while true {
      // Not `read`, which goes through the file system's layer first.
      let count = recv(descriptor, start, space, 0)
      if count > 0 {
        buffer.didWrite(count)
        // A short read has emptied the socket; the end, if it was announced, still has to be read.
        if count < space, !isReadClosed { canRead = false }
        return count
      }
      if count == 0 {
        isReadClosed = true
        canRead = false
        return -1
      }
      if errno == EINTR { continue }
      canRead = false
      if errno == EAGAIN { return 0 }
      reset()
      return -1
    }
  }

  private func readHead() -> Bool {
    if outbox.isCongested {
      // A client that pipelines and doesn't read would fill our memory.
      flush()
      if state != .head { return state != .closed }
      if outbox.isCongested {
        becomeIdle()
        return false
      }
    }
    while true {
      // Neither is counted here: the worker keeps the one, and nothing takes the other away before
      // `start` has looked at it.
      if let buffer = input.map({ Unmanaged.passUnretained($0) }),
        buffer._withUnsafeGuaranteedRef({ !$0.isEmpty })
      {
        let context = contextReference ?? worker.takeContext()
        contextReference = context
        let outcome = buffer._withUnsafeGuaranteedRef { buffer in
          context._withUnsafeGuaranteedRef {
            parser.parse(buffer.readPointer, count: buffer.count, into: $0.fields)
          }
        }
        switch outcome {
        case .complete(let length):
          buffer._withUnsafeGuaranteedRef { buffer in
            context._withUnsafeGuaranteedRef { start($0, buffer, headLength: length) }
          }
          return true
        case .needMore:
          break
        case .refused(let refusal):
          worker.counters.refused &+= 1
          worker.log.refused(refusal, remoteAddress.string)
          refuse(status: Int32(refusal.status), reason: refusal.reason.description)
          return false
        }
      }
      guard readMore() else { return false }
    }
  }

  /// - Returns: false when nothing came, or the connection has ended.
  private func readMore() -> Bool {
    guard canRead else {
      becomeIdle()
      return false
    }
    let buffer = input ?? worker.buffers.take()
    let wasEmpty = buffer.isEmpty
    if wasEmpty { input = buffer }
    switch read(into: buffer, atLeast: 2048) {
    case -1:
      // The peer left, between requests or in the middle of a head; there is nobody to answer in the
      // first case and nothing to answer in the second.
      // Answers that still wait are for a client that has only ended its own side.
      if state != .closed { outbox.isEmpty ? close() : linger() }
      return false
    case 0:
      becomeIdle()
      return false
    default:
      if wasEmpty { worker.loop.deadlines.arm(self, in: worker.timeouts.header) }
      return true
    }
  }

  /// Gives back what an idle connection does not need.
  private func becomeIdle() {
    if input?.isEmpty == true, let buffer = input.take() {
      worker.buffers.giveBack(buffer)
      if let context = contextReference.take() {
        context._withUnsafeGuaranteedRef { worker.giveBack($0) }
      }
      if worker.isDraining, !worker.keepsIdle {
        return outbox.isEmpty ? close() : linger()
      }
      if answered > 0, !isBlocked {
        worker.loop.deadlines.arm(self, in: worker.timeouts.keepAlive)
      }
    }
  }

  private func start(_ context: Context, _ buffer: ByteBuffer, headLength: Int) {
    let head = parser.head
    context.connection = self
    context.head = head
    state = .running
    isCancelledByEnd = false
    worker.counters.requests &+= 1
    worker.counters.active &+= 1
    if !head.keepAlive || worker.isDraining { closesAfterAnswer = true }
    switch head.framing {
    case .none:
      if bodyReader != nil { bodyReader = nil }
    default:
      // A small body is read behind its head, in place; the memory must not move from here on.
      if case .contentLength(let length) = head.framing, length <= 8192,
        headLength + Int(length) > buffer.count
      {
        buffer.reserve(headLength + Int(length) - buffer.count)
      }
      bodyReader = BodyReader(self, head, buffer: buffer)
    }
    context.base = buffer.readPointer
    worker.loop.deadlines.disarm(self)
    context.begin()
  }

  private func readBody() -> Bool {
    // Half-closed is not gone: a client that has sent its last byte may still read the answer.
    guard let bodyReader, bodyReader.isWanted else { return false }
    return bodyReader.advance()
  }

  private func drainBody() -> Bool {
    guard let bodyReader else {
      state = .head
      return true
    }
    switch bodyReader.discard() {
    case .over:
      finishExchange()
      return true
    case .wait:
      return false
    case .broken:
      close()
      return false
    }
  }

  private func discardInput() -> Bool {
    if tls != nil { return discardSealed() }
    let buffer = worker.buffers.take()
    defer { worker.buffers.giveBack(buffer) }
    switch read(into: buffer, atLeast: 4096) {
    case -1:
      // The peer may have ended its side only, and wait for what is on its way.
      if outbox.isEmpty { close() }
      return false
    case 0: return false
    default: return true
    }
  }

  // MARK: the end of an exchange

  /// The answer is completely in the outbox.
  func answerEnded() {
    unsent &+= 1
    answered &+= 1
    contextReference?._withUnsafeGuaranteedRef { context in
      let time = monotonicNanoseconds()
      worker.row.count(
        status: context.status,
        nanoseconds: time > context.startedNanoseconds ? time &- context.startedNanoseconds : 0)
    }
    if stream != nil { stream = nil }
    if let bodyReader, !bodyReader.isOver {
      if closesAfterAnswer || !bodyReader.isWorthDraining {
        linger()
      } else {
        state = .draining
        worker.loop.deadlines.arm(self, in: worker.timeouts.body)
      }
      releaseContext()
      resumeLater()
      return
    }
    finishExchange()
    resumeLater()
  }

  /// The request's bytes are all read: what follows in the buffer is the next request.
  private func finishExchange() {
    if let bodyReader {
      // First the context: its listeners may still look at the head.
      releaseContext()
      bodyReader.surrender(&input)
      self.bodyReader = nil
    } else {
      let length = contextReference?._withUnsafeGuaranteedRef { $0.head.length } ?? 0
      releaseContext()
      if length > 0 {
        input.map { Unmanaged.passUnretained($0) }?._withUnsafeGuaranteedRef { $0.consume(length) }
      }
    }
    if closesAfterAnswer {
      linger()
    } else {
      state = .head
      parser.reset()
      if input.map({ Unmanaged.passUnretained($0) })?._withUnsafeGuaranteedRef({ $0.isEmpty })
        == false
      {
        worker.loop.deadlines.arm(self, in: worker.timeouts.header)
      }
    }
  }

  private func releaseContext() {
    contextReference.take()?._withUnsafeGuaranteedRef { $0.connectionEnded() }
  }

  /// The context is somebody else's to give back.
  func forgetContext() { contextReference = nil }

  /// An answer that came from elsewhere than `process` needs it to go on.
  private func resumeLater() {
    if isProcessing { return }
    worker.markDirty(self)
  }

  /// Says goodbye: sends what waits, then ends the writing side and waits for the peer to end its own.
  func linger() {
    state = .lingering
    worker.loop.deadlines.arm(
      self, in: isBlocked ? worker.timeouts.write : worker.timeouts.lingering)
    if outbox.isEmpty { shutdownWriting() }
  }

  private func shutdownWriting() {
    if let tls, !tls.sayGoodbye() {
      canWrite = false
      return worker.loop.deadlines.arm(self, in: worker.timeouts.write)
    }
    shutdown(descriptor, Int32(SHUT_WR))
    worker.loop.deadlines.arm(self, in: worker.timeouts.lingering)
    if isReadClosed, !canRead { close() }
  }

  // MARK: writing

  /// Sends what waits. Called once per turn for everything that was answered in it.
  func flush() {
    guard state != .closed, canWrite, !outbox.isEmpty else { return }
    let progress: Outbox.Progress
    if let tls {
      progress = outbox.send(through: tls, &worker.buffers)
    } else {
      progress = outbox.send(to: descriptor, &worker.buffers)
    }
    releaseSent()
    if state == .closed { return }
    switch progress {
    case .done:
      worker.counters.active &-= unsent
      unsent = 0
      let wasBlocked = isBlocked
      isBlocked = false
      switch state {
      case .answering: stream?.drained()
      case .taken: takeover?.drained()
      case .lingering: shutdownWriting()
      case .head where wasBlocked:
        let isWaiting = input?.isEmpty ?? true
        worker.loop.deadlines.arm(
          self, in: isWaiting ? worker.timeouts.keepAlive : worker.timeouts.header)
      default: break
      }
    case .blocked:
      canWrite = false
      isBlocked = true
      worker.loop.deadlines.arm(self, in: worker.timeouts.write)
      if state == .taken { takeover?.drainedPartly() }
    case .failed:
      reset()
    case .truncated:
      worker.log.warning("a file became shorter while it was sent; the connection was cut")
      close()
    }
  }

  /// Tells the owners of lent bytes that those are free again.
  func releaseSent() {
    while outbox.hasRetired {
      for payload in outbox.takeRetired() { payload.release?(payload.state) }
    }
  }

  /// Answers a request that can't be understood, and closes.
  func refuse(status: Int32, reason: String) {
    let out = outbox.buffer(&worker.buffers).takeUnretainedValue()
    let before = out.count
    out.appendStatusLine(Int(status))
    out.append(worker.dateLine())
    out.append("Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n")
    out.appendContentLength(reason.utf8.count + 1)
    out.appendHeadEnd()
    out.append(reason)
    out.append("\n")
    outbox.appended(out.count - before)
    closesAfterAnswer = true
    if let context {
      contextReference = nil
      worker.giveBack(context)
    }
    linger()
    flush()
  }

  // MARK: closing

  /// The socket failed or the peer reset it.
  func reset() {
    end(.reset)
  }

  func close() {
    end(.byUs)
  }

  enum Ending {
    case byUs, reset, timeout, shutdown, byPeer

    var reason: egg_close_reason {
      switch self {
      case .byUs: egg_close_reason(EGG_CLOSED_BY_US)
      case .reset: egg_close_reason(EGG_CLOSED_RESET)
      case .timeout: egg_close_reason(EGG_CLOSED_TIMEOUT)
      case .shutdown: egg_close_reason(EGG_CLOSED_SHUTDOWN)
      case .byPeer: egg_close_reason(EGG_CLOSED_BY_PEER)
      }
    }
  }

  /// Ends it for good; whoever waits on it is told.
  func end(_ ending: Ending) {
    guard state != .closed else { return }
    let before = state
    state = .closed
    worker.loop.deadlines.remove(self)
    worker.loop.deregister(descriptor)
    if let tls {
      if saysGoodbye(before, ending) { _ = tls.sayGoodbye() }
      tls.free()
    }
    outbox.discard(&worker.buffers)
    Glibc.close(descriptor)
    worker.connectionClosed(self)
    releaseSent()
    if before == .running || before == .answering { worker.counters.active &-= 1 }
    worker.counters.active &-= unsent
    unsent = 0
    if let bodyReader {
      bodyReader.fail(status: 400, code: "EGG_CLIENT_GONE", "the client closed the connection")
    }
    if let stream {
      self.stream = nil
      stream.connectionEnded()
    }
    if let takeover {
      self.takeover = nil
      takeover.ended(ending)
    }
    if let context {
      contextReference = nil
      context.connectionLost(Remains(connection: self, input: input, bodyReader: bodyReader))
    } else if let input {
      worker.buffers.giveBack(input)
    }
    input = nil
    bodyReader = nil
  }
}
