/// Percent-encoding of URLs.
///
/// - Source: RFC 3986 §2.1; the sets of characters of ECMAScript `encodeURIComponent` and of the
///   `encodeurl` module Koa uses for `Location`.

/// Decodes `%41` to `A`.
///
/// - Returns: nil if a `%` is not followed by two hexadecimal digits.
package func percentDecoded(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
  decode(bytes, plusIsSpace: false, lenient: false)
}

/// Decodes like `percentDecoded`, and leaves a malformed `%` as it is.
package func percentDecodedLeniently(
  _ bytes: UnsafeBufferPointer<UInt8>, plusIsSpace: Bool = false
) -> [UInt8] {
  decode(bytes, plusIsSpace: plusIsSpace, lenient: true) ?? []
}

/// Decodes text.
///
/// - Returns: nil if a `%` is malformed or the result is no UTF-8; `decodeURIComponent` would throw.
package func percentDecoded(_ text: String) -> String? {
  var text = text
  guard let bytes = text.withUTF8({ percentDecoded($0) }) else { return nil }
  return String(validating: bytes, as: UTF8.self)
}

/// Decodes text; a malformed `%` stays, what is no UTF-8 becomes U+FFFD.
package func percentDecodedLeniently(_ text: String, plusIsSpace: Bool = false) -> String {
  var text = text
  return text.withUTF8 {
    String(decoding: percentDecodedLeniently($0, plusIsSpace: plusIsSpace), as: UTF8.self)
  }
}

/// Encodes everything but letters, digits and `-_.!~*'()`, as `encodeURIComponent` does.
///
///     percentEncoded("a b/é")  // "a%20b%2F%C3%A9"
package func percentEncoded(_ text: String) -> String {
  encode(text) { byte in isAlphanumeric(byte) || contains("-_.!~*'()", byte) }
}

/// Encodes what may not be in a URL and leaves the rest, existing `%41` included, so that a URL that is
/// already encoded stays the same.
///
///     urlEncoded("/a b?c=%20")  // "/a%20b?c=%20"
package func urlEncoded(_ text: String) -> String {
  let bytes = Array(text.utf8)
  var out: [UInt8] = []
  out.reserveCapacity(bytes.count)
  for (index, byte) in bytes.enumerated() {
    let isKept =
      byte == 0x25
      ? index + 2 < bytes.count && hexadecimalValue(bytes[index + 1]) != nil
        && hexadecimalValue(bytes[index + 2]) != nil
      : isAlphanumeric(byte) || contains("-_.!~*'();,/?:@&=+$#[]|^", byte)
    if isKept { out.append(byte) } else { appendEncoded(byte, to: &out) }
  }
  return String(decoding: out, as: UTF8.self)
}

private func decode(
  _ bytes: UnsafeBufferPointer<UInt8>, plusIsSpace: Bool, lenient: Bool
) -> [UInt8]? {
  var out: [UInt8] = []
  out.reserveCapacity(bytes.count)
  var at = 0
  while at < bytes.count {
    let byte = bytes[at]
    if byte == 0x25 {
      if at + 2 < bytes.count, let high = hexadecimalValue(bytes[at + 1]),
        let low = hexadecimalValue(bytes[at + 2])
      {
        out.append(high << 4 | low)
        at += 3
        continue
      }
      if !lenient { return nil }
    }
    out.append(plusIsSpace && byte == 0x2B ? 0x20 : byte)
    at += 1
  }
  return out
}

private func encode(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
  var out: [UInt8] = []
  out.reserveCapacity(text.utf8.count)
  for byte in text.utf8 {
    if isKept(byte) { out.append(byte) } else { appendEncoded(byte, to: &out) }
  }
  return String(decoding: out, as: UTF8.self)
}

private func appendEncoded(_ byte: UInt8, to out: inout [UInt8]) {
  let digits: StaticString = "0123456789ABCDEF"
  out.append(0x25)
  out.append(digits.utf8Start[Int(byte >> 4)])
  out.append(digits.utf8Start[Int(byte & 15)])
}

func hexadecimalValue(_ byte: UInt8) -> UInt8? {
  if byte &- 0x30 < 10 { return byte &- 0x30 }
  let letter = byte | 0x20
  return letter &- 0x61 < 6 ? letter &- 0x57 : nil
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
  byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
}

private func contains(_ set: StaticString, _ byte: UInt8) -> Bool {
  for index in 0..<set.utf8CodeUnitCount where set.utf8Start[index] == byte { return true }
  return false
}
