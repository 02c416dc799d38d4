import Egg

/// `KEY = TEXT` on each line: `.properties`.
///
///     # the front page
///     title = Welcome
///     [user]
///     name = Name
///
/// gives `title` and `user.name`. `#`, `!` and `;` begin comments, `:` may stand for `=`, a backslash at the
/// end of a line continues it. `\n`, `\t`, `\\` and `\u00e4` are what they are elsewhere.
public struct PropertiesReader {
  private var texts = ValueMap()
  private var section = ""

  /// - Throws: `EggError` with the line of what is no text.
  public static func read(_ bytes: [UInt8]) throws -> ValueMap {
    var reader = PropertiesReader()
    var joined = ""
    var first = 0
    for (index, line) in TextLines.of(bytes).enumerated() {
      let trimmed = line.trimmingBlanks
      if joined.isEmpty { first = index + 1 }
      if joined.isEmpty, trimmed.isEmpty || "#!;".contains(trimmed.first ?? "#") { continue }
      if trimmed.endsWithOddBackslashes {
        joined += trimmed.dropLast()
        continue
      }
      try reader.take(joined + trimmed, line: first)
      joined = ""
    }
    if !joined.isEmpty { try reader.take(joined, line: first) }
    return reader.texts
  }

  private mutating func take(_ line: String, line number: Int) throws {
    if line.hasPrefix("["), line.hasSuffix("]") {
      section = line.dropFirst().dropLast().trimmingBlanks
      return
    }
    guard let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
      throw EggError(code: "EGG_I18N", "line \(number): expected \"KEY = TEXT\", found \"\(line)\"")
    }
    let key = line[..<mark].trimmingBlanks
    guard !key.isEmpty else {
      throw EggError(code: "EGG_I18N", "line \(number): expected a key in front of \"=\"")
    }
    let name = section.isEmpty ? key : section + "." + key
    texts[name] = .text(TextLines.unescaped(line[line.index(after: mark)...].trimmingBlanks))
  }
}

/// What both line formats share.
enum TextLines {
  /// The lines of a UTF-8 file, without a mark at its begin.
  static func of(_ bytes: [UInt8]) -> [Substring] {
    var text = String(decoding: bytes, as: UTF8.self)
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    return text.split(omittingEmptySubsequences: false) { $0.isNewline }
  }

  /// `\n`, `\t`, `\"`, `\\` and `\uXXXX`; a pair of surrogates is one character.
  static func unescaped(_ text: some StringProtocol) -> String {
    guard text.contains("\\") else { return String(text) }
    var units: [UInt16] = []
    var rest = Array(text.utf16)[...]
    while let unit = rest.popFirst() {
      guard unit == 0x5C, let sign = rest.popFirst() else {
        units.append(unit)
        continue
      }
      switch sign {
      case UInt16(UInt8(ascii: "n")): units.append(10)
      case UInt16(UInt8(ascii: "t")): units.append(9)
      case UInt16(UInt8(ascii: "r")): units.append(13)
      case UInt16(UInt8(ascii: "u")):
        let digits = String(decoding: rest.prefix(4), as: UTF16.self)
        guard digits.utf16.count == 4, let value = UInt16(digits, radix: 16) else {
          units += [unit, sign]
          continue
        }
        rest = rest.dropFirst(4)
        units.append(value)
      default: units.append(sign)
      }
    }
    return String(decoding: units, as: UTF16.self)
  }
}

extension StringProtocol {
  var trimmingBlanks: String {
    guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }),
      let last = lastIndex(where: { $0 != " " && $0 != "\t" })
    else { return "" }
    return String(self[first...last])
  }

  /// An escaped backslash continues nothing.
  fileprivate var endsWithOddBackslashes: Bool {
    reversed().prefix { $0 == "\\" }.count % 2 == 1
  }
}
