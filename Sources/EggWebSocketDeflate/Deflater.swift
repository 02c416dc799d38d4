internal import CZlib

/// Compresses messages, one after the other.
///
/// - Source: RFC 7692 §7.2.1: raw deflate up to a sync flush, whose last four bytes are left out.
public final class Deflater {
  // zlib keeps the address.
  private let stream: UnsafeMutablePointer<z_stream>
  private let forgets: Bool

  /// - Parameters:
  ///   - window: 9 to 15, as a power of two.
  ///   - forgets: a message never refers to those before it.
  ///   - level: 1 is quick, 9 is thorough.
  /// - Returns: nil when there is no memory, about `4 << window` bytes and 64 KB.
  public init?(window: Int, forgets: Bool, level: Int = 6) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    self.forgets = forgets
    guard egg_deflate_init(stream, Int32(level), -Int32(window), 8) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// What follows does not refer to anything before, as if the connection began now.
  public func forget() { deflateReset(stream) }

  /// - Returns: the payload of a compressed message.
  public func deflate(_ message: UnsafeRawBufferPointer) -> [UInt8] {
    // The bound is that of a whole stream; a flush takes a few bytes more.
    let bound = Int(deflateBound(stream, UInt(message.count))) + 64
    var out = [UInt8](unsafeUninitializedCapacity: bound) { out, count in
      let input = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input)
      stream.pointee.avail_in = UInt32(message.count)
      stream.pointee.next_out = out.baseAddress
      stream.pointee.avail_out = UInt32(bound)
      CZlib.deflate(stream, Z_SYNC_FLUSH)
      count = bound - Int(stream.pointee.avail_out)
    }
    out.removeLast(4)
    if forgets { forget() }
    // An empty message has one empty block, of one byte.
    return out.isEmpty ? [0] : out
  }
}
