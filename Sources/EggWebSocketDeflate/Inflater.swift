internal import CZlib
public import EggWebSocket

/// Makes plain messages of compressed ones, never longer than is allowed.
///
/// - Source: RFC 7692 §7.2.2.
public final class Inflater {
  // zlib keeps the address.
  private let stream: UnsafeMutablePointer<z_stream>
  private let forgets: Bool

  /// A message may end its stream and begin another, which costs a copy of the window each time.
  private static let maxStreams = 16

  /// - Parameters:
  ///   - window: 8 to 15, as a power of two.
  ///   - forgets: a message never refers to those before it.
  /// - Returns: nil when there is no memory, about `1 << window` bytes and 8 KB.
  public init?(window: Int, forgets: Bool) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    self.forgets = forgets
    // zlib refuses 8 for raw streams of old releases; a larger window reads the same.
    guard egg_inflate_init(stream, -Int32(max(9, window))) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// - Throws: `.messageTooBig` as soon as there would be more than `limit` bytes,
  ///   `.invalidPayload` for what is no deflate.
  public func inflate(_ message: [UInt8], limit: Int) throws(WebSocketFailure) -> [UInt8] {
    // What the sender left out.
    let message = message + [0x00, 0x00, 0xFF, 0xFF]
    var out = [UInt8](repeating: 0, count: Self.room(message.count, limit))
    var used = 0
    var streams = 1
    var taken = 0
    while true {
      let status = step(message, &taken, &out, &used)
      if used > limit {
        throw WebSocketFailure(.messageTooBig, "a message has at most \(limit) bytes")
      }
      switch status {
      case Z_STREAM_END:
        streams += 1
        guard streams <= Self.maxStreams, restart() else { throw broken() }
        if taken < message.count { continue }
      case Z_OK, Z_BUF_ERROR:
        if used == out.count {
          out += [UInt8](repeating: 0, count: min(out.count, limit + 1 - used))
          continue
        }
        guard taken == message.count else { throw broken() }
      default: throw broken()
      }
      break
    }
    if forgets { inflateReset(stream) }
    out.removeLast(out.count - used)
    return out
  }

  private static func room(_ count: Int, _ limit: Int) -> Int {
    min(limit + 1, max(1024, count * 4))
  }

  private func step(
    _ message: [UInt8], _ taken: inout Int, _ out: inout [UInt8], _ used: inout Int
  ) -> Int32 {
    message.withUnsafeBufferPointer { input in
      out.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + taken)
        stream.pointee.avail_in = UInt32(input.count - taken)
        stream.pointee.next_out = output.baseAddress! + used
        stream.pointee.avail_out = UInt32(output.count - used)
        let status = CZlib.inflate(stream, Z_SYNC_FLUSH)
        taken = input.count - Int(stream.pointee.avail_in)
        used = output.count - Int(stream.pointee.avail_out)
        return status
      }
    }
  }

  /// A stream has ended inside the message; the next one refers to the same window.
  private func restart() -> Bool {
    var count: UInt32 = 0
    var window = [UInt8](repeating: 0, count: 1 << 15)
    guard inflateGetDictionary(stream, &window, &count) == Z_OK, inflateReset(stream) == Z_OK else {
      return false
    }
    return inflateSetDictionary(stream, window, count) == Z_OK
  }

  private func broken() -> WebSocketFailure {
    WebSocketFailure(.invalidPayload, "a message cannot be decompressed")
  }
}
