import EggSQL

/// Filters for templates: `{{ post.created | day }}`, `{{ post.body | paragraphs }}`.

/// Milliseconds since 1970 as a date: "1 May 2026".
func day(_ milliseconds: Int) -> String {
  let names = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  let time = CivilTime(milliseconds: Int64(milliseconds), in: .local)
  return "\(time.day) \(names[min(max(time.month, 1), 12) - 1]) \(time.year)"
}

/// Text as its paragraphs, which empty lines are between.
func paragraphs(_ text: String) -> [String] {
  var all: [String] = []
  var lines: [Substring] = []
  for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
    if !line.allSatisfy(\.isWhitespace) {
      lines.append(line)
    } else if !lines.isEmpty {
      all.append(lines.joined(separator: "\n"))
      lines = []
    }
  }
  return lines.isEmpty ? all : all + [lines.joined(separator: "\n")]
}
