/// Why a chunked body is not accepted. The connection cannot be used again.
package enum BodyRefusal: UInt8, Error, Sendable, CaseIterable {
  case invalidChunkSize, chunkSizeOverflow, invalidChunkExtension, chunkExtensionsTooLong
  case bareLineFeed, bareCarriageReturn, missingChunkEnd, bodyTooLarge
  case invalidTrailer, trailersTooLarge

  /// The status code of the answer, if it can still be sent.
  package var status: Int {
    switch self {
    case .bodyTooLarge, .chunkSizeOverflow: 413
    case .trailersTooLarge: 431
    default: 400
    }
  }

  /// What was expected and what was found; lower case, without a full stop.
  package var reason: StaticString {
    switch self {
    case .invalidChunkSize: "a chunk starts with its size in hexadecimal"
    case .chunkSizeOverflow: "a chunk size has more than 15 hexadecimal digits"
    case .invalidChunkExtension: "a chunk size is followed by neither \";\" nor CRLF"
    case .chunkExtensionsTooLong: "the chunk extensions are longer than the limit"
    case .bareLineFeed: "a line of the chunked body ends in LF without CR"
    case .bareCarriageReturn: "a CR in a line of the chunked body is not followed by LF"
    case .missingChunkEnd: "a chunk is not followed by CRLF: it is longer than its size says"
    case .bodyTooLarge: "the body is larger than the limit"
    case .invalidTrailer: "a trailer line is not \"name: value\""
    case .trailersTooLarge: "the trailers are longer or more than the limit"
    }
  }
}

/// What one call of `ChunkedDecoder.next` found. `consumed` bytes of the input are done with.
package enum ChunkedStep: Equatable, Sendable {
  /// Body bytes: `length` of them at `offset` of the input; `consumed == offset + length`.
  case body(offset: Int, length: Int, consumed: Int)
  /// All input is consumed and the body goes on.
  case needMore(consumed: Int)
  /// The body ended; the next request starts behind `consumed`.
  case complete(consumed: Int)
  case refused(BodyRefusal)
}

/// Takes a chunked body apart, in place and split anywhere.
///
///     loop: while true {
///       switch decoder.next(bytes, count: count) {
///       case .body(let offset, let length, let consumed): …use bytes + offset…; advance(consumed)
///       case .needMore(let consumed): advance(consumed); break loop
///       case .complete(let consumed): advance(consumed); …done, decoder.trailers…; break loop
///       case .refused(let refusal): …
///       }
///     }
///
/// Body bytes are not copied. Nothing is allocated unless there are trailers. Chunk extensions are
/// checked for length and control characters, and otherwise ignored.
///
/// - Source: RFC 9112 §7.1.
package struct ChunkedDecoder: Sendable {
  enum Phase: UInt8, Sendable {
    case sizeStart, size, spaceAfterSize, chunkExtension, sizeLineFeed
    case data, dataCarriageReturn, dataLineFeed
    case trailerStart, trailer, trailerLineFeed, lastLineFeed, complete, refused
  }

  /// Bytes of body accepted in all; may be changed while the body is read.
  package var maxBodyLength: UInt64
  /// Bytes of chunk extensions accepted in all, white space in front included.
  package var maxExtensionBytes = 4 * 1024
  /// Bytes of trailer lines accepted in all.
  package var maxTrailerBytes = 8 * 1024
  /// Trailer fields accepted.
  package var maxTrailers = 32
  /// Body bytes announced so far: all chunk sizes seen.
  package private(set) var bodyLength: UInt64 = 0
  /// The trailers, without those that a trailer may not be. Complete after `.complete`.
  package internal(set) var trailers: [TrailerField] = []

  var phase = Phase.sizeStart
  private var digits: UInt8 = 0
  private var remaining: UInt64 = 0
  private var extensionBytes = 0
  var trailerBytes = 0
  var trailerLine: [UInt8] = []
  var trailerCount = 0
  private var refusal = BodyRefusal.invalidChunkSize

  package init(maxBodyLength: UInt64 = .max) {
    self.maxBodyLength = maxBodyLength
  }

  /// Takes the next step; call again with what is left after `consumed` bytes.
  ///
  /// After `.complete` and `.refused` the answer stays the same, with nothing consumed.
  package mutating func next(_ bytes: UnsafePointer<UInt8>, count: Int) -> ChunkedStep {
    var at = 0
    if phase == .complete { return .complete(consumed: 0) }
    if phase == .refused { return .refused(refusal) }
    while at < count {
      if phase == .data {
        let length = Int(min(remaining, UInt64(count &- at)))
        remaining &-= UInt64(length)
        if remaining == 0 { phase = .dataCarriageReturn }
        return .body(offset: at, length: length, consumed: at &+ length)
      }
      do throws(BodyRefusal) {
        try step(bytes[at])
      } catch {
        phase = .refused
        refusal = error
        return .refused(error)
      }
      at &+= 1
      if phase == .complete { return .complete(consumed: at) }
    }
    return .needMore(consumed: at)
  }

  /// One byte of everything that is not data.
  private mutating func step(_ byte: UInt8) throws(BodyRefusal) {
    switch phase {
    case .sizeStart, .size: try stepSize(byte)
    case .spaceAfterSize, .chunkExtension: try stepExtension(byte)
    case .sizeLineFeed:
      guard byte == 0x0A else { throw .bareCarriageReturn }
      try beginChunk()
    case .dataCarriageReturn:
      guard byte == 0x0D else { throw byte == 0x0A ? .bareLineFeed : .missingChunkEnd }
      phase = .dataLineFeed
    case .dataLineFeed:
      guard byte == 0x0A else { throw .bareCarriageReturn }
      phase = .sizeStart
      digits = 0
    case .trailerStart, .trailer, .trailerLineFeed, .lastLineFeed: try stepTrailer(byte)
    case .data, .complete, .refused: break
    }
  }

  private mutating func stepSize(_ byte: UInt8) throws(BodyRefusal) {
    if let digit = hexadecimalDigit(byte) {
      // 15 digits are below 2^60, far from overflow; zeros in front count too.
      if digits == 15 { throw .chunkSizeOverflow }
      digits &+= 1
      remaining = remaining &<< 4 | UInt64(digit)
      phase = .size
      return
    }
    if phase == .sizeStart { throw .invalidChunkSize }
    switch byte {
    case 0x0D: phase = .sizeLineFeed
    case 0x0A: throw .bareLineFeed
    case 0x3B: phase = .chunkExtension
    case 0x20, 0x09: phase = .spaceAfterSize
    default: throw .invalidChunkSize
    }
    if byte != 0x0D { try countExtensionByte() }
  }

  private mutating func stepExtension(_ byte: UInt8) throws(BodyRefusal) {
    if byte == 0x0A { throw .bareLineFeed }
    if phase == .spaceAfterSize {
      if byte == 0x3B {
        phase = .chunkExtension
      } else if byte != 0x20 && byte != 0x09 {
        throw .invalidChunkExtension
      }
    } else if byte == 0x0D {
      phase = .sizeLineFeed
      return
    } else if (byte < 0x20 && byte != 0x09) || byte == 0x7F {
      throw .invalidChunkExtension
    }
    try countExtensionByte()
  }

  private mutating func countExtensionByte() throws(BodyRefusal) {
    extensionBytes &+= 1
    if extensionBytes > maxExtensionBytes { throw .chunkExtensionsTooLong }
  }

  private mutating func beginChunk() throws(BodyRefusal) {
    if remaining == 0 {
      phase = .trailerStart
      return
    }
    let (total, overflow) = bodyLength.addingReportingOverflow(remaining)
    if overflow || total > maxBodyLength { throw .bodyTooLarge }
    bodyLength = total
    phase = .data
  }

  @inline(__always)
  private func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    if byte &- 0x30 < 10 { return byte &- 0x30 }
    let letter = byte | 0x20
    return letter &- 0x61 < 6 ? letter &- 0x57 : nil
  }
}
