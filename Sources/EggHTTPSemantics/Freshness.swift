/// Whether the client's copy is still good, so that 304 can be answered.
///
///     isFresh(ifNoneMatch: "\"a\", W/\"b\"", ifModifiedSince: nil, cacheControl: nil,
///             etag: "\"b\"", lastModified: nil)  // true
///
/// `If-None-Match` wins over `If-Modified-Since`; `Cache-Control: no-cache` says no (an end-to-end
/// reload). The method and the status are the caller's to check: GET or HEAD, and 2xx or 304.
///
/// - Parameters: the first three from the request, the last two from the response.
/// - Source: RFC 9110 §13.1.2, §13.1.3, §8.8.3.2 (weak comparison); the `fresh` module behind Koa's.
package func isFresh(
  ifNoneMatch: String?, ifModifiedSince: String?, cacheControl: String?,
  etag: String?, lastModified: String?
) -> Bool {
  if ifNoneMatch == nil && ifModifiedSince == nil { return false }
  if let cacheControl {
    let directives = Bytes(cacheControl).list(separator: 0x2C)
    if directives.contains(where: { $0.lowercasedText == "no-cache" }) { return false }
  }
  if let ifNoneMatch {
    let tags = Bytes(ifNoneMatch).list(separator: 0x2C)
    if tags.count == 1, tags[0].text == "*" { return true }
    guard let etag else { return false }
    let own = opaqueTag(Bytes(etag).trimmed)
    return tags.contains { opaqueTag($0) == own }
  }
  guard let ifModifiedSince, let lastModified, let since = HTTPDate(parsing: ifModifiedSince),
    let modified = HTTPDate(parsing: lastModified)
  else { return false }
  return modified <= since
}

/// Whether a range may be served: the client's part belongs to the present version.
///
/// - Returns: true without the header; else whether the tag is the same and strong, or the date is
///   exactly `Last-Modified`.
/// - Source: RFC 9110 §13.1.5.
package func ifRangeHolds(_ ifRange: String?, etag: String?, lastModified: String?) -> Bool {
  guard let ifRange else { return true }
  let wanted = Bytes(ifRange).trimmed
  if wanted.first == 0x22 { return etag.map { Bytes($0).trimmed == wanted } ?? false }
  guard let since = HTTPDate(parsing: wanted.text), let lastModified,
    let modified = HTTPDate(parsing: lastModified)
  else { return false }
  return since == modified
}

/// Whether the text is an entity tag: `"…"` or `W/"…"` without quotes, spaces and controls inside.
package func isEntityTag(_ text: String) -> Bool {
  let tag = opaqueTag(Bytes(text))
  guard tag.count >= 2, tag.first == 0x22, tag.last == 0x22 else { return false }
  return tag.dropFirst().dropLast().allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x7F }
}

private func opaqueTag(_ tag: Bytes) -> Bytes {
  tag.starts(with: [0x57, 0x2F]) ? tag.dropFirst(2) : tag
}
