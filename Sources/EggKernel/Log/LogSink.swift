import Glibc

/// Where lines go: a file, standard output or standard error. Collects and writes at once.
///
/// A place that cannot be written (a full disk, a folder that is gone) never stops anybody: lines are
/// kept up to a limit, then counted and dropped, and it is tried again every second.
final class LogSink {
  /// What people are told about a place, once when it fails and once when it works again.
  enum News {
    case failed(path: String, errno: Int32)
    case works(path: String, lost: Int)
  }

  /// Bytes that wait before they are written although the turn goes on.
  static let eager = 64 * 1024
  /// Bytes that are kept while the place cannot be written.
  static let limit = 1 << 20

  /// Empty for standard output and error.
  let path: String
  private let slot: UnsafeMutablePointer<LogSlot>
  private let tell: (News) -> Void
  private var failure: Int32 = 0
  private var retryAt: UInt64 = 0
  private var lost = 0

  /// - Parameter descriptor: 1 or 2; it is not closed.
  init(descriptor: Int32) {
    path = ""
    tell = { _ in }
    slot = .allocate(capacity: 1)
    slot.initialize(to: LogSlot(descriptor: descriptor))
    LogCrash.add(slot)
  }

  /// A file, made with its folder when the first line is written, extended when it is there.
  init(path: String, tell: @escaping (News) -> Void) {
    self.path = path
    self.tell = tell
    slot = .allocate(capacity: 1)
    slot.initialize(to: LogSlot(descriptor: -1))
    LogCrash.add(slot)
  }

  deinit {
    flush()
    LogCrash.remove(slot)
    if !path.isEmpty, slot.pointee.descriptor >= 0 { close(slot.pointee.descriptor) }
    free(slot.pointee.start)
    slot.deallocate()
  }

  var isEmpty: Bool { slot.pointee.head == slot.pointee.end }

  /// - Parameter line: with its newline.
  func append(_ line: UnsafeBufferPointer<UInt8>) {
    guard let bytes = line.baseAddress else { return }
    if waiting &+ line.count > Self.limit {
      flush()
      // One line may be longer than the limit; it is taken when nothing else waits.
      if waiting > 0, waiting &+ line.count > Self.limit {
        lost &+= 1
        return
      }
    }
    reserve(line.count)
    memcpy(slot.pointee.start! + slot.pointee.end, bytes, line.count)
    slot.pointee.end &+= line.count
    if waiting > Self.eager { flush() }
  }

  /// Writes what waits: one `write` unless the system takes less. Every write ends in a newline, so
  /// that lines of several processes in one file stay whole.
  func flush() {
    guard waiting > 0 else { return }
    if failure != 0 {
      let now = monotonicNanoseconds()
      if now < retryAt { return }
      retryAt = now &+ 1_000_000_000
    }
    if slot.pointee.descriptor < 0, !open() { return }
    while waiting > 0 {
      let written = write(
        slot.pointee.descriptor, slot.pointee.start! + slot.pointee.head, waiting)
      if written > 0 {
        slot.pointee.head &+= written
      } else if written < 0, errno == EINTR {
        continue
      } else {
        return failed(written < 0 ? errno : ENOSPC)
      }
    }
    slot.pointee.head = 0
    slot.pointee.end = 0
    if slot.pointee.capacity > Self.limit { giveBack() }
    if failure != 0 { works() }
  }

  /// Writes what waits and opens the file of that name anew.
  func reopen() {
    guard !path.isEmpty else { return }
    flush()
    guard slot.pointee.descriptor >= 0 else { return }
    let old = slot.pointee.descriptor
    slot.pointee.descriptor = -1
    close(old)
    retryAt = 0
    _ = open()
  }

  /// Makes the file now, so that it can be watched before there is a line.
  func prepare() { if slot.pointee.descriptor < 0 { _ = open() } }

  private var waiting: Int { slot.pointee.end &- slot.pointee.head }

  private func open() -> Bool {
    guard !path.isEmpty else { return false }
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY
    var descriptor = Glibc.open(path, flags, 0o644)
    if descriptor < 0, errno == ENOENT {
      RunFile.makeFolders(Path.folder(of: path))
      descriptor = Glibc.open(path, flags, 0o644)
    }
    guard descriptor >= 0 else {
      failed(errno)
      return false
    }
    slot.pointee.descriptor = descriptor
    return true
  }

  private func failed(_ error: Int32) {
    if path.isEmpty {
      // Nobody reads the console: there is no better place to say so.
      if error != EAGAIN { slot.pointee.head = slot.pointee.end }
      return
    }
    let isNew = failure == 0
    failure = error
    guard isNew else { return }
    retryAt = monotonicNanoseconds() &+ 1_000_000_000
    tell(.failed(path: path, errno: error))
  }

  private func works() {
    failure = 0
    let count = lost
    lost = 0
    tell(.works(path: path, lost: count))
  }

  private func reserve(_ count: Int) {
    if slot.pointee.capacity &- slot.pointee.end >= count { return }
    let held = waiting
    var capacity = max(slot.pointee.capacity, 4096)
    while capacity < held &+ count { capacity *= 2 }
    guard let memory = malloc(capacity) else { preconditionFailure("out of memory for the log") }
    let fresh = memory.assumingMemoryBound(to: UInt8.self)
    let old = slot.pointee.start
    if let old, held > 0 { memcpy(fresh, old + slot.pointee.head, held) }
    // A signal between these lines finds nothing, rather than bytes that are no lines.
    slot.pointee.end = slot.pointee.head
    slot.pointee.start = fresh
    slot.pointee.head = 0
    slot.pointee.end = held
    slot.pointee.capacity = capacity
    free(old)
  }

  private func giveBack() {
    let old = slot.pointee.start
    slot.pointee.start = nil
    slot.pointee.capacity = 0
    free(old)
  }
}
