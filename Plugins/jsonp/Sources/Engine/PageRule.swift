import EggSecurityRules

/// Where a page may be that asks.
package enum PageRule {
  /// `.example.com` or a host.
  case host(String)
  /// Of the whole address.
  case pattern(Regex<AnyRegexOutput>)

  package struct Mistake: Error, CustomStringConvertible {
    package let description: String
  }

  /// - Parameter text: a host, or an expression between slashes, `"/^https:/i"`.
  /// - Throws: for an expression that is none.
  package init(_ text: String) throws {
    guard text.hasPrefix("/"), let end = text.dropFirst().lastIndex(of: "/") else {
      self = .host(text)
      return
    }
    let flags = text[text.index(after: end)...]
    let pattern = String(text[text.index(after: text.startIndex)..<end])
    do {
      self = .pattern(
        try Regex(pattern).matchingSemantics(.unicodeScalar).ignoresCase(flags.contains("i")))
    } catch {
      throw Mistake(description: "\(text) is no regular expression: \(error)")
    }
  }

  /// - Parameter referrer: the address of the page; "" fits no host.
  package func fits(_ referrer: String) -> Bool {
    switch self {
    case .host(let host): hostOf(referrer).map { isSafeDomain($0, [host]) } ?? false
    // What browsers send is shorter, and an expression may be slow.
    case .pattern(let pattern):
      referrer.utf8.count <= 2048 && referrer.firstMatch(of: pattern) != nil
    }
  }
}
