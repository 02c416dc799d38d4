import Egg

/// A regular expression: `^a+$`, or between slashes with flags, `/^a+$/i`.
struct Pattern {
  /// As it is shown, between slashes.
  let text: String
  private let regex: Regex<AnyRegexOutput>

  /// - Throws: `EggError` when it is malformed.
  init(_ written: String) throws {
    var pattern = written
    var flags = ""
    if written.hasPrefix("/"), let end = written.dropFirst().lastIndex(of: "/") {
      pattern = String(written[written.index(after: written.startIndex)..<end])
      flags = String(written[written.index(after: end)...])
    }
    text = "/\(pattern)/\(flags)"
    guard flags.allSatisfy({ "gimsuy".contains($0) }) else {
      throw EggError(
        code: "EGG_VALIDATE", "\(text): expected flags of i, m and s, found \"\(flags)\"")
    }
    do {
      regex = try Regex(pattern).matchingSemantics(.unicodeScalar).asciiOnlyDigits()
        .asciiOnlyWordCharacters().ignoresCase(flags.contains("i"))
        .anchorsMatchLineEndings(flags.contains("m")).dotMatchesNewlines(flags.contains("s"))
    } catch {
      throw EggError(code: "EGG_VALIDATE", "\(text) is no regular expression: \(error)")
    }
  }

  /// Whether it matches somewhere in `text`.
  func matches(_ text: String) -> Bool { text.firstMatch(of: regex) != nil }
}
