/// Writes frames.
///
///     FrameWriter.text("hi")  // 81 02 68 69
///
/// - Source: RFC 6455 §5.2; a length is written in the fewest bytes.
public enum FrameWriter {
  /// Appends one frame.
  ///
  /// - Parameters:
  ///   - isFinal: false for a fragment that others follow.
  ///   - isCompressed: the message is; the first frame says so.
  ///   - mask: needed by clients, forbidden for servers.
  public static func append(
    _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool = true,
    isCompressed: Bool = false, mask: Mask? = nil, to out: inout [UInt8]
  ) {
    let masked: UInt8 = mask == nil ? 0 : 0x80
    out.reserveCapacity(out.count + payload.count + FrameHeader.longest)
    out.append((isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue)
    switch payload.count {
    case ...125: out.append(masked | UInt8(payload.count))
    case ...0xFFFF:
      out.append(masked | 126)
      appendNumber(payload.count, bytes: 2, to: &out)
    default:
      out.append(masked | 127)
      appendNumber(payload.count, bytes: 8, to: &out)
    }
    if let mask { out.append(contentsOf: mask.bytes) }
    let start = out.count
    out.append(contentsOf: payload)
    guard let mask else { return }
    out.withUnsafeMutableBytes {
      mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: $0[start...]), offset: 0)
    }
  }

  private static func appendNumber(_ number: Int, bytes: Int, to out: inout [UInt8]) {
    for place in (0..<bytes).reversed() {
      out.append(UInt8(truncatingIfNeeded: number >> (place * 8)))
    }
  }

  /// One frame.
  public static func frame(
    _ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true, isCompressed: Bool = false,
    mask: Mask? = nil
  ) -> [UInt8] {
    var out: [UInt8] = []
    payload.withUnsafeBytes {
      append(opcode, $0, isFinal: isFinal, isCompressed: isCompressed, mask: mask, to: &out)
    }
    return out
  }

  /// A whole message of text.
  public static func text(_ text: String, mask: Mask? = nil) -> [UInt8] {
    var text = text
    var out: [UInt8] = []
    text.withUTF8 { append(.text, UnsafeRawBufferPointer($0), mask: mask, to: &out) }
    return out
  }

  /// A close frame. A code that cannot be sent, and nil, give an empty one; a reason that is too
  /// long is cut between characters.
  public static func close(
    _ code: CloseCode? = nil, reason: String = "", mask: Mask? = nil
  ) -> [UInt8] {
    guard let code, code.canBeSent else { return frame(.close, [], mask: mask) }
    var payload = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
    for scalar in reason.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if payload.count + bytes.count > 125 { break }
      payload += bytes
    }
    return frame(.close, payload, mask: mask)
  }
}
