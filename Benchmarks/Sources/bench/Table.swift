/// Columns for the terminal: the first to the left, the others to the right.
struct Table {
  private var rows: [[String]]

  init(_ header: [String]) { rows = [header] }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// A line per row, a rule below the header, no spaces at line ends.
  var text: String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    var lines = rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }
      var line = cells.joined(separator: "   ")
      while line.last == " " { line.removeLast() }
      return line
    }
    let width = widths.reduce(0, +) + 3 * (count - 1)
    lines.insert(String(repeating: "─", count: width), at: 1)
    return lines.joined(separator: "\n")
  }
}
