/// Whether a host is one of a list.
///
/// - Parameters:
///   - host: without port.
///   - list: `a.example.com` is that host, `.example.com` that domain and all below it, `*` in a
///     name stands for anything. Case does not count.
public func isSafeDomain(_ host: String, _ list: [String]) -> Bool {
  let host = host.lowercased()
  guard !host.isEmpty else { return false }
  return list.contains { rule in
    let rule = rule.lowercased()
    if rule.isEmpty { return false }
    if rule.contains("*") { return matches(Array(host.utf8)[...], Array(rule.utf8)[...]) }
    if rule.hasPrefix(".") { return ("." + host).hasSuffix(rule) }
    return host == rule
  }
}

/// `*` is any text, also none. Goes back to the last star only, so it is linear in each star.
private func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
  var (at, place) = (text.startIndex, pattern.startIndex)
  var star: (place: Int, at: Int)?
  while at < text.endIndex {
    if place < pattern.endIndex, pattern[place] == UInt8(ascii: "*") {
      star = (place, at)
      place += 1
    } else if place < pattern.endIndex, pattern[place] == text[at] {
      place += 1
      at += 1
    } else if let last = star {
      star = (last.place, last.at + 1)
      (place, at) = (last.place + 1, last.at + 1)
    } else {
      return false
    }
  }
  return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
}

/// The host of an absolute url in lower case, without port; nil when it has none.
///
///     hostOf("https://user@A.example.com:8443/x")  // a.example.com
public func hostOf(_ url: String, withPort: Bool = false) -> String? {
  guard let start = url.range(of: "://") else { return nil }
  let authority = url[start.upperBound...].prefix { !"/?#\\".contains($0) }
  let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
  if withPort { return host.isEmpty ? nil : host.lowercased() }
  let name =
    host.hasPrefix("[")
    ? host.prefix { $0 != "]" } + (host.contains("]") ? "]" : "") : host.prefix { $0 != ":" }
  return name.isEmpty ? nil : name.lowercased()
}

extension Escaped {
  /// A url for an attribute: escaped, and empty unless it begins with `/` or has one of the
  /// protocols http, https, file and data, or one of `protocols`.
  public static func url(_ text: String, protocols: [String] = []) -> String {
    if !text.hasPrefix("/") {
      guard let start = text.range(of: "://") else { return "" }
      let named = text[..<start.lowerBound].lowercased()
      let known = ["http", "https", "file", "data"] + protocols.map { $0.lowercased() }
      guard known.contains(named) else { return "" }
    }
    return text.reduce(into: "") { result, character in
      switch character {
      case "\"": result += "&quot;"
      case "'": result += "&#x27;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      default: result.append(character)
      }
    }
  }
}

extension StringProtocol {
  /// The first place of `text`.
  func range(of text: String) -> Range<Index>? {
    let wanted = Array(text.utf8)
    var at = startIndex
    while at < endIndex {
      if self[at...].utf8.starts(with: wanted) {
        return at..<utf8.index(at, offsetBy: wanted.count)
      }
      at = utf8.index(after: at)
    }
    return nil
  }
}
