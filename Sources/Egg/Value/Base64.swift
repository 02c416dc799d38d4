/// Base64 (RFC 4648): the standard alphabet with padding, and the one for URLs.
nonisolated public enum Base64 {
  private static let standard = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let forURLs = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// - Parameter url: `-` and `_` instead of `+` and `/` (RFC 4648 section 5).
  /// - Parameter padded: fill up with `=` to a multiple of four.
  public static func encode(_ data: [UInt8], url: Bool = false, padded: Bool = true) -> [UInt8] {
    let alphabet = url ? forURLs : standard
    var text: [UInt8] = []
    text.reserveCapacity((data.count + 2) / 3 * 4)
    var place = 0
    while place < data.count {
      let left = data.count - place
      let a = data[place]
      let b = left > 1 ? data[place + 1] : 0
      let c = left > 2 ? data[place + 2] : 0
      text.append(alphabet[Int(a >> 2)])
      text.append(alphabet[Int((a & 3) << 4 | b >> 4)])
      if left > 1 { text.append(alphabet[Int((b & 15) << 2 | c >> 6)]) }
      if left > 2 { text.append(alphabet[Int(c & 63)]) }
      if padded {
        text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: max(0, 3 - left)))
      }
      place += 3
    }
    return text
  }

  /// Both alphabets, with or without padding. Nil for anything else.
  public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var data: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = byte - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = byte - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte + 4
      case UInt8(ascii: "+"), UInt8(ascii: "-"): digit = 62
      case UInt8(ascii: "/"), UInt8(ascii: "_"): digit = 63
      case UInt8(ascii: "="):
        padding += 1
        continue
      default: return nil
      }
      guard padding == 0 else { return nil }
      bits = bits << 6 | UInt32(digit)
      count += 1
      if count % 4 == 0 {
        data.append(UInt8(truncatingIfNeeded: bits >> 16))
        data.append(UInt8(truncatingIfNeeded: bits >> 8))
        data.append(UInt8(truncatingIfNeeded: bits))
      }
    }
    switch count % 4 {
    case 1: return nil
    case 2: data.append(UInt8(truncatingIfNeeded: bits >> 4))
    case 3:
      data.append(UInt8(truncatingIfNeeded: bits >> 10))
      data.append(UInt8(truncatingIfNeeded: bits >> 2))
    default: break
    }
    return padding <= 2 ? data : nil
  }
}
