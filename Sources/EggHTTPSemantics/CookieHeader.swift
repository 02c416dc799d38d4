/// A cookie as the client sent it.
package struct Cookie: Equatable, Sendable {
  package let name: String
  /// Without surrounding quotes; not percent-decoded.
  package let value: String
}

/// Calls `body` with the name and value of every pair of a `Cookie` header, in order, until it
/// returns false.
///
/// Pairs without `=` and pairs whose name is no token are skipped. Quotes around a value are left out.
///
/// - Source: RFC 6265 §4.2.1, §5.4.
package func forEachCookie(
  _ header: UnsafeBufferPointer<UInt8>,
  _ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool
) {
  var start = 0
  while start < header.count {
    var end = start
    var equals = -1
    while end < header.count, header[end] != 0x3B {
      if header[end] == 0x3D, equals < 0 { equals = end }
      end += 1
    }
    if equals >= 0 {
      let name = trimmed(header, start, equals)
      var value = trimmed(header, equals + 1, end)
      if value.count >= 2, value.first == 0x22, value.last == 0x22 {
        value = UnsafeBufferPointer(rebasing: value[1..<(value.count - 1)])
      }
      if isToken(name), !body(name, value) { return }
    }
    start = end + 1
  }
}

/// The value of the first cookie `name`, case-sensitive, or nil. Allocates only the result.
package func cookie(named name: String, in header: UnsafeBufferPointer<UInt8>) -> String? {
  var found: String?
  forEachCookie(header) { candidate, value in
    guard candidate.elementsEqual(name.utf8) else { return true }
    found = String(decoding: value, as: UTF8.self)
    return false
  }
  return found
}

/// The same for text.
package func cookie(named name: String, in header: String) -> String? {
  var header = header
  return header.withUTF8 { cookie(named: name, in: $0) }
}

/// All cookies of a header, in order; the first of a name is the one that counts.
package func cookies(_ header: String) -> [Cookie] {
  var header = header
  var all: [Cookie] = []
  header.withUTF8 { bytes in
    forEachCookie(bytes) { name, value in
      all.append(
        Cookie(
          name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self)
        ))
      return true
    }
  }
  return all
}

private func trimmed(
  _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int
) -> UnsafeBufferPointer<UInt8> {
  var start = start
  var end = end
  while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
  while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
  return UnsafeBufferPointer(rebasing: bytes[start..<end])
}
