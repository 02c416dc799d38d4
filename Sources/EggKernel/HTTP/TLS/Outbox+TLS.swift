import Glibc

extension Outbox {
  /// Sends as much as the socket takes, record by record.
  ///
  /// Small pieces share a record; large ones are sealed where they lie; files are read.
  mutating func send(through tls: TLSStream, _ pool: inout BufferPool) -> Progress {
    queueLone()
    while true {
      passEnds()
      if first == pieces.count, head?.isEmpty ?? true {
        settle(&pool)
        return .done
      }
      let bytes: UnsafeBufferPointer<UInt8>
      switch nextRecord(in: tls.record) {
      case .bytes(let next): bytes = next
      case .truncated: return .truncated
      case .failed(let code): return .failed(code)
      }
      switch tls.write(bytes) {
      case .bytes(let sent): advance(sent, &pool)
      case .blocked: return .blocked
      case .failed: return .failed(EPROTO)
      }
    }
  }

  private enum Record {
    case bytes(UnsafeBufferPointer<UInt8>)
    case truncated
    case failed(Int32)
  }

  /// What is sent next, as far as it goes into one record; at least a byte.
  private func nextRecord(in place: UnsafeMutableBufferPointer<UInt8>) -> Record {
    var filled = 0
    // Whatever alone fills a record, or is the last, is not copied.
    func add(_ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool) -> UnsafeBufferPointer<UInt8>? {
      if filled == 0, isLast || bytes.count >= place.count { return bytes }
      let count = min(bytes.count, place.count - filled)
      memcpy(place.baseAddress! + filled, bytes.baseAddress!, count)
      filled += count
      return nil
    }
    if let head, !head.isEmpty,
      let alone = add(head.bytes, isLast: first == pieces.count)
    {
      return .bytes(alone)
    }
    for index in first..<pieces.count where filled < place.count {
      let isLast = index == pieces.count - 1
      var alone: UnsafeBufferPointer<UInt8>?
      switch pieces[index] {
      case .buffer(let buffer):
        if !buffer.isEmpty { alone = add(buffer.bytes, isLast: isLast) }
      case .payload(let payload, let sent):
        alone = add(
          UnsafeBufferPointer(start: payload.bytes! + sent, count: payload.count - sent),
          isLast: isLast)
      case .shared(let shared, let sent):
        alone = add(
          UnsafeBufferPointer(start: shared.start + sent, count: shared.count - sent),
          isLast: isLast)
      case .end: break
      case .file(let file, let offset, let left):
        if left == 0 { break }
        let wanted = min(Int(left), place.count - filled)
        var got = pread(file, place.baseAddress! + filled, wanted, off_t(offset))
        while got < 0, errno == EINTR {
          got = pread(file, place.baseAddress! + filled, wanted, off_t(offset))
        }
        if got < 0, filled == 0 { return .failed(errno) }
        if got == 0, filled == 0 { return .truncated }
        filled += max(0, got)
        // What comes behind may only follow the whole of it.
        if got < wanted || Int64(got) < left {
          return .bytes(UnsafeBufferPointer(rebasing: place[..<filled]))
        }
      }
      if let alone { return .bytes(alone) }
    }
    return .bytes(UnsafeBufferPointer(rebasing: place[..<filled]))
  }

  /// Leaves behind what nothing is sent for, as far as everything before has been sent.
  private mutating func passEnds() {
    guard head?.isEmpty ?? true else { return }
    while first < pieces.count {
      switch pieces[first] {
      case .end(let stream): stream.sent(complete: true)
      case .file(let file, _, 0): close(file)
      case .buffer(let buffer) where buffer.isEmpty: break
      default: return
      }
      first += 1
    }
  }

  /// So many bytes were sent.
  private mutating func advance(_ count: Int, _ pool: inout BufferPool) {
    var left = count
    if let head, !head.isEmpty {
      let taken = min(left, head.count)
      head.consume(taken)
      left -= taken
      waiting &-= taken
    }
    while left > 0, first < pieces.count {
      switch pieces[first] {
      case .buffer(let buffer):
        let taken = min(left, buffer.count)
        buffer.consume(taken)
        left -= taken
        waiting &-= taken
        if !buffer.isEmpty { return }
        // The last one may get more.
        pool.giveBack(buffer)
      case .payload(let payload, let sent):
        let taken = min(left, payload.count - sent)
        left -= taken
        waiting &-= taken
        if sent + taken < payload.count {
          pieces[first] = .payload(payload, sent: sent + taken)
          return
        }
        retire(payload)
      case .shared(let shared, let sent):
        let taken = min(left, shared.count - sent)
        left -= taken
        waiting &-= taken
        if sent + taken < shared.count {
          pieces[first] = .shared(shared, sent: sent + taken)
          return
        }
      case .file(let file, let offset, let rest):
        let taken = min(Int64(left), rest)
        left -= Int(taken)
        if taken < rest {
          pieces[first] = .file(descriptor: file, offset: offset + taken, left: rest - taken)
          return
        }
        close(file)
      case .end(let stream):
        stream.sent(complete: true)
      }
      first += 1
    }
  }
}
