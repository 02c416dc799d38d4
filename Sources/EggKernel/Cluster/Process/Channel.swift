import Glibc
import LinuxHeaders

/// What travels between the master and a process it started.
enum FrameKind: UInt8 {
  /// To the process: a `ClusterSetup`, first of all.
  case setup = 1
  /// To the master: loaded, and serving.
  case ready
  /// To the master: why the start has failed.
  case failed
  case message
  /// To the process: `{action, data}` as JSON, from the kernel itself.
  case announce
  /// To the process: every process is ready.
  case serverReady
  /// To the process: another one has taken over; answer what there is, then end.
  case drain
  /// To the master: replace the workers.
  case reload
}

/// One end of the stream between the master and a process: frames of a length (4 bytes, little
/// endian), a kind (1 byte) and content.
///
/// Edge-triggered. What is written in a turn is sent at its end, or when there is much of it.
final class Channel: ReadySource {
  @available(*, unavailable)
  override init() { preconditionFailure("a channel has a descriptor") }

  static let headLength = 5
  private static let readBatch = 1 << 20

  let descriptor: Int32
  private let loop: EventLoop
  private let input = ByteBuffer(capacity: 4096)
  private let output = ByteBuffer(capacity: 4096)
  private var canRead = true
  private var canWrite = true
  private var isFlushQueued = false
  private var isReading = false
  private var isReadQueued = false
  private(set) var isOpen = true
  /// Nothing is read while somebody further on can't take more.
  private(set) var pauses = 0

  var received: ((FrameKind, UnsafeBufferPointer<UInt8>) -> Void)?
  /// Some of what waited was sent.
  var sent: (() -> Void)?
  var closed: (() -> Void)?

  /// - Throws: `LoopError` when the descriptor can't be watched.
  init(_ descriptor: Int32, loop: EventLoop) throws(LoopError) {
    self.descriptor = descriptor
    self.loop = loop
    super.init()
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    try loop.register(descriptor, [.read, .write, .readClosed, .edge], self)
  }

  /// Bytes that wait to be sent.
  var waiting: Int { output.count }

  // MARK: sending

  func send(_ kind: FrameKind, _ parts: UnsafeBufferPointer<UInt8>...) {
    guard isOpen else { return }
    var length = UInt32(truncatingIfNeeded: parts.reduce(0) { $0 + $1.count }).littleEndian
    withUnsafeBytes(of: &length) { output.append($0) }
    output.append(byte: kind.rawValue)
    for part in parts { output.append(part) }
    if output.count > 64 * 1024 { return flush() }
    guard !isFlushQueued else { return }
    isFlushQueued = true
    loop.post { [self] in
      isFlushQueued = false
      flush()
    }
  }

  func send(_ kind: FrameKind, text: String) {
    var text = text
    text.withUTF8 { send(kind, $0) }
  }

  func flush() {
    guard isOpen, canWrite else { return }
    var hasSent = false
    while !output.isEmpty {
      let count = Glibc.send(
        descriptor, output.readPointer, output.count, Int32(MSG_NOSIGNAL))
      if count > 0 {
        output.consume(count)
        hasSent = true
      } else if errno == EAGAIN {
        canWrite = false
        break
      } else if errno != EINTR {
        close()
        return
      }
    }
    if hasSent { sent?() }
  }

  // MARK: receiving

  override func ready(_ events: ReadyEvents) {
    if !events.isDisjoint(with: [.readable, .readClosed, .hangup, .error]) { canRead = true }
    if events.contains(.writable) {
      canWrite = true
      flush()
    }
    read()
  }

  func pause() { pauses += 1 }

  func resume() {
    pauses -= 1
    if pauses == 0 { readLater() }
  }

  private func readLater() {
    guard !isReadQueued else { return }
    isReadQueued = true
    loop.post { [self] in
      isReadQueued = false
      read()
    }
  }

  private func read() {
    guard !isReading else { return }
    isReading = true
    defer { isReading = false }
    var left = Channel.readBatch
    while isOpen, pauses == 0 {
      if takeFrame() { continue }
      guard canRead else { return }
      guard left > 0 else { return readLater() }
      let start = input.reserve(64 * 1024)
      let count = Glibc.read(descriptor, start, input.room)
      if count > 0 {
        input.didWrite(count)
        left -= count
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        close()
      } else if errno == EAGAIN {
        canRead = false
      }
    }
  }

  /// - Returns: whether there was a whole one.
  private func takeFrame() -> Bool {
    guard input.count >= Channel.headLength else { return false }
    let head = UnsafeRawPointer(input.readPointer)
    let length = Int(UInt32(littleEndian: head.loadUnaligned(as: UInt32.self)))
    guard input.count >= Channel.headLength + length else {
      // Room for the whole of it at once, not by doubling.
      if length > 1 << 16 { input.reserve(Channel.headLength + length - input.count) }
      return false
    }
    let content = UnsafeBufferPointer(
      start: input.readPointer + Channel.headLength, count: length)
    if let kind = FrameKind(rawValue: input.readPointer[4]) { received?(kind, content) }
    input.consume(Channel.headLength + length)
    return true
  }

  func close() {
    guard isOpen else { return }
    isOpen = false
    loop.deregister(descriptor)
    Glibc.close(descriptor)
    let closed = closed
    received = nil
    sent = nil
    self.closed = nil
    closed?()
  }
}
