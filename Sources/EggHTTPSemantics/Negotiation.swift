/// Content negotiation: which of the server's offers the client likes best.
///
///     accepts(types: ["json", "html"], header: "text/html, */*;q=0.1")  // "html"
///
/// - Source: RFC 9110 §12.5; results are those of Node's `accepts` and `negotiator`, which Koa uses.

/// The media types the client names, the most welcome first; `*/*` without a header.
package func acceptedTypes(_ header: String?) -> [String] {
  preferred(mediaRanges(header ?? "*/*"))
}

/// The best of `types`, each a media type or a file extension such as `json`, in the caller's words.
///
/// - Returns: nil if none is acceptable; the first without a header, or with an empty one.
package func accepts(types: [String], header: String?) -> String? {
  guard let header, !header.isEmpty else { return types.first }
  let full = types.map { $0.utf8.contains(0x2F) ? $0 : mimeType(forExtension: $0) }
  let offers = full.compactMap { $0 }
  let ranges = mediaRanges(header)
  guard let best = accepted(offers, by: ranges, specificity: mediaSpecificity).first,
    let index = full.firstIndex(of: best)
  else { return nil }
  return types[index]
}

/// The content codings the client names, the most welcome first; `identity` is added unless the header
/// excludes it.
package func acceptedEncodings(_ header: String?) -> [String] {
  preferred(encodings(header ?? ""))
}

/// The best of `encodings`, or nil.
package func accepts(encodings offers: [String], header: String?) -> String? {
  accepted(offers, by: encodings(header ?? ""), specificity: exactOrStar).first
}

/// The charsets the client names, the most welcome first; `*` without a header.
package func acceptedCharsets(_ header: String?) -> [String] {
  preferred(qualityItems(header ?? "*"))
}

/// The best of `charsets`, or nil.
package func accepts(charsets offers: [String], header: String?) -> String? {
  accepted(offers, by: qualityItems(header ?? "*"), specificity: exactOrStar).first
}

/// The languages the client names, the most welcome first; `*` without a header.
package func acceptedLanguages(_ header: String?) -> [String] {
  preferred(qualityItems(header ?? "*"))
}

/// The best of `languages`, or nil. `en` fits `en-US` and the other way round.
package func accepts(languages offers: [String], header: String?) -> String? {
  accepted(offers, by: qualityItems(header ?? "*"), specificity: languageSpecificity).first
}

private func mediaRanges(_ header: String) -> [QualityItem] {
  qualityItems(header).filter { item in
    guard let slash = item.name.firstIndex(of: 0x2F) else { return false }
    return slash > item.name.startIndex && slash + 1 < item.name.endIndex
  }
}

/// Type, subtype and parameters count 4, 2 and 1.
private func mediaSpecificity(_ offer: String, _ range: QualityItem) -> Int? {
  guard let type = MediaType(offer), let (main, sub) = range.name.cut(at: 0x2F) else { return nil }
  var specificity = 0
  if main.lowercasedText == type.type {
    specificity |= 4
  } else if main.text != "*" {
    return nil
  }
  if sub.lowercasedText == type.subtype {
    specificity |= 2
  } else if sub.text != "*" {
    return nil
  }
  for (name, value) in range.parameters where value != "*" {
    let own = type.parameter(name) ?? ""
    if asciiLowercased(value) != asciiLowercased(own) { return nil }
  }
  return range.parameters.isEmpty ? specificity : specificity | 1
}

private func encodings(_ header: String) -> [QualityItem] {
  var items = qualityItems(header)
  if !items.contains(where: { exactOrStar("identity", $0) != nil }) {
    // As welcome as the least welcome of the named ones.
    let least = items.map { $0.quality == 0 ? 1000 : $0.quality }.min() ?? 1000
    items.append(
      QualityItem(name: Bytes("identity"), parameters: [], quality: least, index: items.count))
  }
  return items
}

private func exactOrStar(_ offer: String, _ item: QualityItem) -> Int? {
  if item.name.lowercasedText == asciiLowercased(offer) { return 1 }
  return item.name.text == "*" ? 0 : nil
}

/// The same tag counts 4; a longer tag of the client's 2, a shorter one 1.
private func languageSpecificity(_ offer: String, _ item: QualityItem) -> Int? {
  let wanted = item.name.lowercasedText
  let own = asciiLowercased(offer)
  if wanted == own { return 4 }
  if prefix(wanted) == own { return 2 }
  if wanted == prefix(own) { return 1 }
  return wanted == "*" ? 0 : nil
}

private func prefix(_ tag: String) -> String {
  tag.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init)
    ?? tag
}
