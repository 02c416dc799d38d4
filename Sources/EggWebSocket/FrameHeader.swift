/// The head of a frame: two to fourteen bytes.
///
/// - Source: RFC 6455 §5.2.
struct FrameHeader {
  static let longest = 14

  let isFinal: Bool
  let opcode: Opcode
  /// RSV1: the message is compressed (RFC 7692 §6).
  let isCompressed: Bool
  /// Of the payload.
  let length: UInt64
  let mask: Mask?
  /// Of the head itself.
  let size: Int

  enum Reading {
    case complete(FrameHeader)
    /// How many bytes there have to be before it is worth another look.
    case incomplete(needed: Int)
  }

  /// Reads a head at the beginning of `bytes`. What is wrong is said as soon as it can be seen.
  ///
  /// - Parameter mayCompress: an extension that uses RSV1 is agreed upon.
  /// - Throws: `.protocolError` for everything that the RFC forbids.
  static func read(
    _ bytes: UnsafeRawBufferPointer, from role: MessageParser.Role, mayCompress: Bool = false
  ) throws(WebSocketFailure) -> Reading {
    guard bytes.count >= 2 else { return .incomplete(needed: 2) }
    let (first, second) = (bytes[0], bytes[1])
    let isFinal = first & 0x80 != 0
    let isCompressed = mayCompress && first & 0x40 != 0
    guard first & (mayCompress ? 0x30 : 0x70) == 0 else { throw wrong("reserved bits are set") }
    guard let opcode = Opcode(rawValue: first & 0x0F) else { throw wrong("unknown opcode") }
    guard !isCompressed || opcode == .text || opcode == .binary else {
      throw wrong("only the first frame of a message says that it is compressed")
    }
    let isMasked = second & 0x80 != 0
    switch role {
    case .server: if !isMasked { throw wrong("a client's frame must be masked") }
    case .client: if isMasked { throw wrong("a server's frame must not be masked") }
    }
    let short = second & 0x7F
    if opcode.isControl {
      guard isFinal else { throw wrong("a control frame cannot be fragmented") }
      guard short <= 125 else { throw wrong("a control frame has at most 125 bytes") }
    }
    let extra = short == 126 ? 2 : short == 127 ? 8 : 0
    let size = 2 + extra + (isMasked ? 4 : 0)
    guard bytes.count >= size else { return .incomplete(needed: size) }
    var length = UInt64(short)
    if extra > 0 {
      length = 0
      for place in 2..<2 + extra { length = length << 8 | UInt64(bytes[place]) }
      guard length >> 63 == 0 else { throw wrong("the length's highest bit is set") }
      guard length > (extra == 2 ? 125 : 0xFFFF) else {
        throw wrong("the length is not written in the fewest bytes")
      }
    }
    var mask: Mask?
    if isMasked {
      let start = size - 4
      mask = Mask(bytes[start], bytes[start + 1], bytes[start + 2], bytes[start + 3])
    }
    return .complete(
      FrameHeader(
        isFinal: isFinal, opcode: opcode, isCompressed: isCompressed, length: length, mask: mask,
        size: size))
  }

  private static func wrong(_ message: String) -> WebSocketFailure {
    WebSocketFailure(.protocolError, message)
  }
}
