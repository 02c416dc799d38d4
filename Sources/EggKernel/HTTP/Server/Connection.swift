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
  var isCancelledByEnd = false
  var isProcessing = false
  var isDirty = false
  /// The socket has refused bytes since the outbox was empty last.
  var isBlocked = false
  var input: ByteBuffer?
  var outbox = Outbox()
  var parser: RequestParser
  /// Of the request that is read or runs. Not counted: the worker keeps contexts alive.
  var contextReference: Unmanaged<Context>?
  var context: Context? { contextReference?.takeUnretainedValue() }
  var bodyReader: BodyReader?
  var stream: BodyStream?
  var takeover: Takeover?
  /// Of an HTTPS connection; all that is read and written goes through it.
  var tls: TLSStream?
  /// Answers that are complete and not yet sent; they count as running until they are.
  var unsent = 0
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
}
