import CZlib

/// Undoing `Content-Encoding: gzip` and `deflate` of a request, up to a limit.
enum Inflater {
  enum Coding: Equatable {
    case identity, gzip, deflate

    /// Nil for codings that are not undone here.
    init?(name: String) {
      switch name {
      case "", "identity": self = .identity
      case "gzip", "x-gzip": self = .gzip
      case "deflate": self = .deflate
      default: return nil
      }
    }
  }

  enum Outcome {
    case done, tooLarge, malformed
  }

  static func inflate(
    _ bytes: UnsafeBufferPointer<UInt8>, _ coding: Coding, limit: Int, into out: ByteBuffer
  ) -> Outcome {
    switch run(bytes, windowBits: coding == .gzip ? 31 : 15, limit: limit, into: out) {
    case .malformed where coding == .deflate:
      // Some clients send raw deflate data under that name.
      out.reset()
      return run(bytes, windowBits: -15, limit: limit, into: out)
    case let outcome: return outcome
    }
  }

  private static func run(
    _ bytes: UnsafeBufferPointer<UInt8>, windowBits: Int32, limit: Int, into out: ByteBuffer
  ) -> Outcome {
    var stream = z_stream()
    guard egg_inflate_init(&stream, windowBits) == Z_OK else { return .malformed }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
    stream.avail_in = UInt32(bytes.count)
    while true {
      let piece = 16 * 1024
      stream.next_out = out.reserve(piece)
      stream.avail_out = UInt32(piece)
      let result = CZlib.inflate(&stream, Z_NO_FLUSH)
      out.didWrite(piece - Int(stream.avail_out))
      if out.count > limit { return .tooLarge }
      switch result {
      case Z_STREAM_END: return .done
      case Z_OK where stream.avail_out == 0 || stream.avail_in > 0: continue
      default: return .malformed
      }
    }
  }
}
