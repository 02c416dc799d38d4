/// Which of `types` a `Content-Type` is.
///
///     typeIs("application/json; charset=utf-8", ["html", "json"])  // "json"
///     typeIs("application/ld+json", ["+json"])                     // "application/ld+json"
///     typeIs("text/html", ["text/*"])                              // "text/html"
///
/// - Parameter types: media types, with `*` for either half; `+json` for a suffix; file extensions;
///   `urlencoded` and `multipart`. Without any, the type itself is the answer.
/// - Returns: the matching word of `types`, or the type itself where the word has a `*` or `+`; nil if
///   none fits or the header is absent or malformed.
/// - Source: the `type-is` module behind Koa's `ctx.is`.
package func typeIs(_ contentType: String?, _ types: [String]) -> String? {
  guard let contentType,
    let essence = Bytes(contentType).list(separator: 0x3B).first,
    let type = MediaType(essence.text)
  else { return nil }
  if types.isEmpty { return type.essence }
  for word in types {
    guard let pattern = pattern(for: word), matches(type, pattern) else { continue }
    return word.utf8.first == 0x2B || word.utf8.contains(0x2A) ? type.essence : word
  }
  return nil
}

private func pattern(for word: String) -> String? {
  switch word {
  case "urlencoded": return "application/x-www-form-urlencoded"
  case "multipart": return "multipart/*"
  default: break
  }
  if word.utf8.first == 0x2B { return "*/*" + word }
  return word.utf8.contains(0x2F) ? asciiLowercased(word) : mimeType(forExtension: word)
}

private func matches(_ type: MediaType, _ pattern: String) -> Bool {
  guard let (main, sub) = Bytes(pattern).cut(at: 0x2F), !sub.contains(0x2F) else { return false }
  if main.text != "*", main.text != type.type { return false }
  if sub.starts(with: [0x2A, 0x2B]) {
    return Bytes(type.subtype).reversed().starts(with: sub.dropFirst().reversed())
  }
  return sub.text == "*" || sub.text == type.subtype
}
