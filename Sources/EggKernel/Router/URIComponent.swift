/// Percent-encoding as JavaScript's `encodeURIComponent` and `decodeURIComponent` do it.
package enum URIComponent {
  /// Encodes everything but letters, digits and `-_.!~*'()`.
  ///
  ///     URIComponent.encode("a b/你")  // "a%20b%2F%E4%BD%A0"
  ///
  /// - Source: ECMA-262, `encodeURIComponent`.
  package static func encode(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if RouteByte.isLetter(byte) || RouteByte.isDigit(byte) || "-_.!~*'()".utf8.contains(byte) {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Decodes `%XX`; `+` stays.
  /// - Returns: nil when a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
  /// - Source: ECMA-262, `decodeURIComponent`.
  package static func decode(_ bytes: some Collection<UInt8>) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var iterator = bytes.makeIterator()
    while let byte = iterator.next() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      guard let first = iterator.next(), let high = RouteByte.hexValue(first),
        let second = iterator.next(), let low = RouteByte.hexValue(second)
      else { return nil }
      decoded.append(high << 4 | low)
    }
    return String(validating: decoded, as: UTF8.self)
  }
}

extension RouteCapture {
  /// The parameter's value as `ctx.params` shows it: percent-decoded, or the raw text when the
  /// encoding is malformed.
  /// - Parameter path: the path that was matched.
  /// - Returns: nil when the parameter is absent.
  /// - Source: koa-router's `safeDecodeURIComponent`.
  package func decoded(in path: UnsafeBufferPointer<UInt8>) -> String? {
    let view = unsafe RoutePath(path)
    guard let range, range.upperBound <= view.count else { return nil }
    let raw = unsafe UnsafeBufferPointer(rebasing: path[range])
    if unsafe !raw.contains(UInt8(ascii: "%")) {
      return unsafe String(decoding: raw, as: UTF8.self)
    }
    return unsafe URIComponent.decode(raw) ?? String(decoding: raw, as: UTF8.self)
  }

  /// The capture as it stands in the path (`ctx.captures`), nil when absent.
  package func text(in path: UnsafeBufferPointer<UInt8>) -> String? {
    let view = unsafe RoutePath(path)
    guard let range, range.upperBound <= view.count else { return nil }
    return view.text(range)
  }
}
