/// Standard base64 with padding, as binary packets have it in text.
///
/// - Source: RFC 4648 §4.
nonisolated public enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  public static func append(_ bytes: [UInt8], to out: inout [UInt8]) {
    var place = 0
    while place + 2 < bytes.count {
      let (a, b, c) = (bytes[place], bytes[place + 1], bytes[place + 2])
      out.append(alphabet[Int(a >> 2)])
      out.append(alphabet[Int((a & 3) << 4 | b >> 4)])
      out.append(alphabet[Int((b & 15) << 2 | c >> 6)])
      out.append(alphabet[Int(c & 63)])
      place += 3
    }
    let left = bytes.count - place
    guard left > 0 else { return }
    let a = bytes[place]
    let b = left == 2 ? bytes[place + 1] : 0
    out.append(alphabet[Int(a >> 2)])
    out.append(alphabet[Int((a & 3) << 4 | b >> 4)])
    out.append(left == 2 ? alphabet[Int((b & 15) << 2)] : UInt8(ascii: "="))
    out.append(UInt8(ascii: "="))
  }

  /// - Returns: nil for a letter that is none, and for a length that is no multiple of four; padding
  ///   may be missing, as some clients leave it away.
  public static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    var end = text.count
    while end > 0, text.count - end < 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
    guard end % 4 != 1, end == text.count || text.count % 4 == 0 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(end / 4 * 3 + 2)
    var group: UInt32 = 0
    var bits = 0
    for place in 0..<end {
      let value = values[Int(text[place])]
      guard value != 0xFF else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    return out
  }
}
