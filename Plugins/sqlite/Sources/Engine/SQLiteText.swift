/// The little that has to be known of a statement before the library sees it.
nonisolated enum SQLiteText {
  /// The first word in capitals, behind spaces and comments.
  static func firstWord(_ sql: String) -> String {
    let rest = trimmed(Array(sql.utf8)[...])
    let word = rest.prefix { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A }
    return String(decoding: word, as: UTF8.self).uppercased()
  }

  /// Worth asking a reader, which refuses what writes all the same.
  static func mayRead(_ sql: String) -> Bool {
    ["SELECT", "WITH", "VALUES", "EXPLAIN"].contains(firstWord(sql))
  }

  /// Without spaces, semicolons and comments at the front.
  static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text
    while let first = text.first {
      switch first {
      case 0x20, 0x09, 0x0A, 0x0C, 0x0D, UInt8(ascii: ";"): text = text.dropFirst()
      case UInt8(ascii: "-") where text.dropFirst().first == first:
        text = text.drop { $0 != 0x0A }
      case UInt8(ascii: "/") where text.dropFirst().first == UInt8(ascii: "*"):
        text = text.dropFirst(2)
        while !text.isEmpty, !text.starts(with: "*/".utf8) { text = text.dropFirst() }
        text = text.dropFirst(2)
      default: return text
      }
    }
    return text
  }
}
