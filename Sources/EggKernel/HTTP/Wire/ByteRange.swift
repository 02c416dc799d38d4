/// A stretch of the buffer that holds a request: bytes `offset ..< offset + length`.
///
/// Offsets, not pointers, so that a range survives the buffer being moved or grown.
package struct ByteRange: Equatable, Sendable {
  package var offset: UInt32
  package var length: UInt32

  @inline(__always)
  package init(offset: Int, length: Int) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.length = UInt32(truncatingIfNeeded: length)
  }

  @inline(__always)
  package init(from start: Int, to end: Int) {
    self.init(offset: start, length: end &- start)
  }

  /// Nothing, at the start of the buffer.
  package static let empty = ByteRange(offset: 0, length: 0)

  package var isEmpty: Bool { length == 0 }
  package var start: Int { Int(offset) }
  package var end: Int { Int(offset) &+ Int(length) }
  package var count: Int { Int(length) }

  /// The bytes meant, given the start of the buffer the range was made for.
  @inline(__always)
  package func bytes(in base: UnsafePointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base + Int(offset), count: Int(length))
  }

  /// The same bytes as text; a malformed UTF-8 sequence becomes U+FFFD.
  package func string(in base: UnsafePointer<UInt8>) -> String {
    String(decoding: bytes(in: base), as: UTF8.self)
  }
}
