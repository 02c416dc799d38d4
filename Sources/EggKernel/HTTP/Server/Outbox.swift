import Glibc
import LinuxHeaders
import PluginABI

/// What a connection has to send, in order: copied bytes, bytes that somebody lent, pieces of files.
///
/// Empty it holds no memory. The bytes before the first lent piece are the buffer `head`, which is all
/// that most responses need.
struct Outbox: ~Copyable {
  enum Piece {
    case buffer(ByteBuffer)
    case payload(egg_payload, sent: Int)
    case shared(SharedBuffer, sent: Int)
    case file(descriptor: Int32, offset: Int64, left: Int64)
    /// Where a stream's bytes end; nothing is sent for it.
    case end(BodyStream)
  }

  private(set) var head: ByteBuffer?
  /// Short bytes that many share, when nothing else waits: a broadcast to thousands fills no buffer
  /// for any of them.
  private var lone: SharedBuffer?
  private var loneSent = 0
  var pieces: [Piece] = []
  var first = 0
  /// Bytes that wait, files not counted.
  var waiting = 0
  /// Lent bytes that were sent or dropped. Their owners are told by the connection, when no function
  /// of this struct runs: they may come back with more.
  private var retired: [egg_payload] = []

  /// Below this a lent piece is copied, which is cheaper than a piece of its own.
  static let copyLimit = 4096

  var isEmpty: Bool { waiting == 0 && first == pieces.count }

  /// So much waits that further requests of the same client have to wait too.
  var isCongested: Bool { waiting > 64 * 1024 || pieces.count - first > 32 }

  var hasRetired: Bool { !retired.isEmpty }

  /// The payload's bytes are no longer needed.
  mutating func retire(_ payload: egg_payload) { retired.append(payload) }

  mutating func takeRetired() -> [egg_payload] {
    defer { retired = [] }
    return retired
  }

  /// Where copied bytes go; call `appended` with how many. The outbox keeps it alive until something is
  /// sent or dropped.
  mutating func buffer(_ pool: inout BufferPool) -> Unmanaged<ByteBuffer> {
    if pieces.isEmpty {
      if let head { return .passUnretained(head) }
      let fresh = pool.take()
      if let lone = lone.take() { fresh.append(lone.bytes(from: loneSent)) }
      let reference = Unmanaged.passUnretained(fresh)
      head = consume fresh
      return reference
    }
    if case .buffer(let last)? = pieces.last { return .passUnretained(last) }
    let fresh = pool.take()
    pieces.append(.buffer(fresh))
    return .passUnretained(fresh)
  }

  mutating func appended(_ count: Int) { waiting &+= count }

  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>, _ pool: inout BufferPool) {
    guard bytes.count > 0 else { return }
    buffer(&pool)._withUnsafeGuaranteedRef { $0.append(bytes) }
    waiting &+= bytes.count
  }

  /// Takes the bytes over; they are released once sent.
  mutating func append(_ payload: egg_payload, _ pool: inout BufferPool) {
    guard payload.count > 0, let bytes = payload.bytes else {
      retired.append(payload)
      return
    }
    if payload.count <= Outbox.copyLimit {
      append(UnsafeBufferPointer(start: bytes, count: payload.count), &pool)
      retired.append(payload)
      return
    }
    queueLone()
    pieces.append(.payload(payload, sent: 0))
    waiting &+= payload.count
  }

  mutating func append(_ shared: SharedBuffer, _ pool: inout BufferPool) {
    guard shared.count > 0 else { return }
    if shared.count <= 512 {
      guard isEmpty else { return append(shared.bytes(from: 0), &pool) }
      lone = shared
      loneSent = 0
    } else {
      queueLone()
      pieces.append(.shared(shared, sent: 0))
    }
    waiting &+= shared.count
  }

  /// Before something follows that is not copied behind it.
  mutating func queueLone() {
    if let lone = lone.take() { pieces.append(.shared(lone, sent: loneSent)) }
  }

  mutating func append(file descriptor: Int32, offset: Int64, length: Int64) {
    queueLone()
    pieces.append(.file(descriptor: descriptor, offset: offset, left: length))
  }

  /// Tells the stream once everything before has been sent, or that it was dropped.
  mutating func append(endOf stream: BodyStream) {
    queueLone()
    pieces.append(.end(stream))
  }

  enum Progress {
    case done
    /// The socket takes no more for now.
    case blocked
    case failed(Int32)
    /// A file ended before the promised length: the body can't be completed.
    case truncated
  }

  /// Sends as much as the socket takes.
  mutating func send(to descriptor: Int32, _ pool: inout BufferPool) -> Progress {
    while let lone {
      let count = lone.count - loneSent
      let sent = Glibc.send(descriptor, lone.start + loneSent, count, Int32(MSG_NOSIGNAL))
      if sent < 0 {
        if errno == EINTR { continue }
        return errno == EAGAIN ? .blocked : .failed(errno)
      }
      waiting &-= sent
      loneSent &+= sent
      if sent < count { return .blocked }
      self.lone = nil
      return .done
    }
    while true {
      if first == pieces.count {
        guard let head, !head.isEmpty else {
          settle(&pool)
          return .done
        }
        let sent = Glibc.send(descriptor, head.readPointer, head.count, Int32(MSG_NOSIGNAL))
        if sent < 0 {
          if errno == EINTR { continue }
          return errno == EAGAIN ? .blocked : .failed(errno)
        }
        head.consume(sent)
        waiting &-= sent
        if !head.isEmpty { return .blocked }
        settle(&pool)
        return .done
      }
      if head?.isEmpty ?? true, case .end(let stream) = pieces[first] {
        first += 1
        stream.sent(complete: true)
        continue
      }
      if head?.isEmpty ?? true, case .file(let file, let offset, let left) = pieces[first] {
        if left == 0 {
          close(file)
          first += 1
          continue
        }
        var at = off_t(offset)
        let sent = sendfile(descriptor, file, &at, Int(min(left, 1 << 30)))
        if sent < 0 {
          if errno == EINTR { continue }
          return errno == EAGAIN ? .blocked : .failed(errno)
        }
        if sent == 0 { return .truncated }
        pieces[first] = .file(descriptor: file, offset: Int64(at), left: left - Int64(sent))
        continue
      }
      switch sendVector(to: descriptor, &pool) {
      case .done: continue
      case let other: return other
      }
    }
  }

  /// One `sendmsg` of everything up to the next file.
  private mutating func sendVector(to descriptor: Int32, _ pool: inout BufferPool) -> Progress {
    let limit = 64
    let sent = withUnsafeTemporaryAllocation(of: iovec.self, capacity: limit) { vector in
      var count = 0
      var hasMore = false
      func add(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        guard length > 0, count < limit else { return }
        vector[count] = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes), iov_len: length)
        count += 1
      }
      if let head { add(head.readPointer, head.count) }
      gather: for index in first..<pieces.count {
        if count == limit { break }
        switch pieces[index] {
        case .buffer(let buffer): add(buffer.readPointer, buffer.count)
        case .payload(let payload, let sent): add(payload.bytes! + sent, payload.count - sent)
        case .shared(let shared, let sent): add(shared.start + sent, shared.count - sent)
        case .end: continue
        case .file(_, _, let left):
          hasMore = left > 0
          break gather
        }
      }
      var message = msghdr()
      message.msg_iov = vector.baseAddress
      message.msg_iovlen = count
      // A file follows: let the kernel put its first bytes into the same segment.
      let more = hasMore ? Int32(MSG_MORE) : 0
      while true {
        let sent = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL) | more)
        if sent < 0 && errno == EINTR { continue }
        return sent
      }
    }
    if sent < 0 { return errno == EAGAIN ? .blocked : .failed(errno) }
    return consume(sent, &pool) ? .done : .blocked
  }

  /// - Returns: whether everything that was gathered has been sent.
  private mutating func consume(_ sent: Int, _ pool: inout BufferPool) -> Bool {
    var left = sent
    waiting &-= sent
    if let head, !head.isEmpty {
      let taken = min(left, head.count)
      head.consume(taken)
      left -= taken
      if !head.isEmpty { return false }
    }
    while left > 0, first < pieces.count {
      switch pieces[first] {
      case .buffer(let buffer):
        let taken = min(left, buffer.count)
        buffer.consume(taken)
        left -= taken
        if !buffer.isEmpty { return false }
        pool.giveBack(buffer)
      case .payload(let payload, let already):
        let taken = min(left, payload.count - already)
        left -= taken
        if already + taken < payload.count {
          pieces[first] = .payload(payload, sent: already + taken)
          return false
        }
        retired.append(payload)
      case .end(let stream):
        stream.sent(complete: true)
      case .shared(let shared, let already):
        let taken = min(left, shared.count - already)
        left -= taken
        if already + taken < shared.count {
          pieces[first] = .shared(shared, sent: already + taken)
          return false
        }
      case .file:
        return true
      }
      first += 1
    }
    return true
  }

  /// Everything is sent: gives the memory back.
  mutating func settle(_ pool: inout BufferPool) {
    if let head = head.take() { pool.giveBack(head) }
    if !pieces.isEmpty {
      pieces.removeAll()
      first = 0
    }
    waiting = 0
  }

  /// Drops what waits.
  mutating func discard(_ pool: inout BufferPool) {
    lone = nil
    for piece in pieces[first...] {
      switch piece {
      case .buffer, .shared: break
      case .payload(let payload, _): retired.append(payload)
      case .end(let stream): stream.sent(complete: false)
      case .file(let descriptor, _, _): close(descriptor)
      }
    }
    pieces.removeAll()
    first = 0
    if let head = head.take() { pool.giveBack(head) }
    waiting = 0
  }
}

/// The bytes behind an `egg_buffer`: written once, sent to many.
final class SharedBuffer {
  let start: UnsafeMutablePointer<UInt8>
  let count: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    count = bytes.count
    start = .allocate(capacity: max(1, bytes.count))
    if let source = bytes.baseAddress { start.initialize(from: source, count: bytes.count) }
  }

  deinit { start.deallocate() }

  func bytes(from place: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: start + place, count: count - place)
  }
}
