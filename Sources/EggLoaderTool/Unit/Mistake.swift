/// Something in a unit that breaks a convention, shown like a compiler error at the user's own line.
struct Mistake: Error, Equatable {
  var position: SourcePosition
  /// What was expected, what was found; lower case, no full stop.
  var message: String
  /// What to do about it, or where the other half of a clash stands.
  var notes: [Note] = []

  struct Note: Equatable {
    var position: SourcePosition?
    var message: String
  }

  /// `FILE:LINE:COLUMN: error: message`, the line with a caret, and the notes.
  ///
  /// - Parameter source: the bytes of a file by its absolute path.
  func render(source: (String) -> [UInt8]?) -> String {
    var text = Self.line(position, "error", message)
    text += Self.excerpt(position, source: source)
    for note in notes {
      text += Self.line(note.position ?? position, "note", note.message)
      if let other = note.position { text += Self.excerpt(other, source: source) }
    }
    return text
  }

  private static func line(_ position: SourcePosition, _ kind: String, _ text: String) -> String {
    "\(position.file):\(position.line):\(position.column): \(kind): \(text)\n"
  }

  private static func excerpt(
    _ position: SourcePosition, source: (String) -> [UInt8]?
  ) -> String {
    guard let bytes = source(position.file) else { return "" }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard position.line <= lines.count, !lines[position.line - 1].isEmpty else { return "" }
    var line = String(decoding: lines[position.line - 1], as: UTF8.self)
    if line.hasSuffix("\r") { line.removeLast() }
    // Tabs stay tabs, so that the caret stands below its column.
    let before = line.utf8.prefix(position.column - 1).map { $0 == 0x09 ? "\t" : " " }.joined()
    return "  \(line)\n  \(before)^\n"
  }
}
