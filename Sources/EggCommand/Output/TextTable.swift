/// Columns of text, padded to the widest cell.
enum TextTable {
  /// Two columns, each line ending in a newline; the second is cut nowhere.
  static func aligned(_ rows: [(String, String)], indentation: Int = 0) -> String {
    lines(rows.map { [$0.0, $0.1] }, indentation: indentation).map { $0 + "\n" }.joined()
  }

  /// Lines without trailing blanks, two blanks between columns.
  static func lines(_ rows: [[String]], indentation: Int = 0) -> [String] {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return rows.map { row in
      var line = String(repeating: " ", count: indentation)
      for (column, cell) in row.enumerated() {
        line += cell
        if column < row.count - 1 {
          line += String(repeating: " ", count: widths[column] - cell.count + 2)
        }
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
