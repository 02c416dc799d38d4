/// One `name=value` of a query or a form, decoded.
package struct QueryItem: Equatable, Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Calls `body` with the still encoded name and value of every pair of a query, in order.
///
/// Pairs are separated by `&`; empty ones are skipped; a pair without `=` has an empty value; only the
/// first `=` of a pair separates.
///
/// - Parameter limit: pairs looked at; the rest is ignored, as Node does with its `maxKeys` of 1000.
package func forEachQueryPair(
  _ query: UnsafeBufferPointer<UInt8>, limit: Int = 1000,
  _ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void
) {
  var left = limit
  var start = 0
  while start < query.count, left > 0 {
    var end = start
    var equals = -1
    while end < query.count, query[end] != 0x26 {
      if query[end] == 0x3D, equals < 0 { equals = end }
      end += 1
    }
    if end > start {
      let nameEnd = equals < 0 ? end : equals
      let valueStart = equals < 0 ? end : equals + 1
      body(
        UnsafeBufferPointer(rebasing: query[start..<nameEnd]),
        UnsafeBufferPointer(rebasing: query[valueStart..<end]))
      left -= 1
    }
    start = end + 1
  }
}

/// The pairs of a query or an `application/x-www-form-urlencoded` body, decoded, in order.
///
///     queryItems("a=1&b=x+y&a=%E4%BD%A0")  // a: "1", b: "x y", a: "你"
///
/// A malformed `%` stays as it is; what is no UTF-8 becomes U+FFFD. Brackets mean nothing here.
///
/// - Source: Node `querystring.parse`, which Egg's `ctx.query` is made from.
package func queryItems(_ query: UnsafeBufferPointer<UInt8>, limit: Int = 1000) -> [QueryItem] {
  var items: [QueryItem] = []
  forEachQueryPair(query, limit: limit) { name, value in
    items.append(QueryItem(formDecoded(name), formDecoded(value)))
  }
  return items
}

/// The same for text.
package func queryItems(_ query: String, limit: Int = 1000) -> [QueryItem] {
  var query = query
  return query.withUTF8 { queryItems($0, limit: limit) }
}

/// Writes pairs as a query, as Node's `querystring.stringify` does.
package func queryString(_ items: [QueryItem]) -> String {
  items.map { percentEncoded($0.name) + "=" + percentEncoded($0.value) }.joined(separator: "&")
}

/// The text of one name or value: `+` is a space, `%41` is `A`.
package func formDecoded(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
  if !bytes.contains(where: { $0 == 0x25 || $0 == 0x2B }) {
    return String(decoding: bytes, as: UTF8.self)
  }
  return String(decoding: percentDecodedLeniently(bytes, plusIsSpace: true), as: UTF8.self)
}
