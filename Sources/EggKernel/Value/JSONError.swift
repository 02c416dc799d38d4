/// What is wrong with a JSON text, and where.
///
///     config/plugin.json:3:5: expected "," or "}" after a value, found "\""
///       3 |     "path": "../view"
///         |     ^
///       put a comma between two members
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name that the caller gave to the text, usually its path.
  package let file: String
  /// 1-based.
  package let line: Int
  /// 1-based, in bytes.
  package let column: Int
  /// The offending line without its end; long lines are cut around the column.
  package let lineText: String
  /// How many characters of `lineText` stand before the column.
  let caret: Int
  /// What was expected and what was found.
  package let message: String
  /// What to do about it; may be empty.
  package let hint: String

  /// The line with a caret under the place, and the hint. No first line.
  package var excerpt: String {
    let number = String(line)
    let margin = String(repeating: " ", count: number.utf8.count)
    var pad = ""
    for scalar in lineText.unicodeScalars.prefix(caret) {
      pad.unicodeScalars.append(scalar == "\t" ? "\t" : " ")
    }
    var text = "  \(number) | \(lineText)\n  \(margin) | \(pad)^"
    if !hint.isEmpty { text += "\n  \(hint)" }
    return text
  }

  package var description: String { "\(file):\(line):\(column): \(message)\n\(excerpt)" }

  init(file: String, bytes: [UInt8], offset: Int, message: String, hint: String) {
    let offset = min(max(offset, 0), bytes.count)
    var line = 1
    var start = 0
    for place in 0..<offset where bytes[place] == 0x0A {
      line += 1
      start = place + 1
    }
    var end = offset
    while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
    // A minified file is one long line; show the neighbourhood of the mistake only.
    var from = max(start, offset - 60)
    while from > start, bytes[from] & 0xC0 == 0x80 { from -= 1 }
    let to = min(end, offset + 60)
    self.file = file
    self.line = line
    self.column = offset - start + 1
    self.lineText = String(decoding: bytes[from..<to], as: UTF8.self)
    self.caret = String(decoding: bytes[from..<offset], as: UTF8.self).unicodeScalars.count
    self.message = message
    self.hint = hint
  }
}
