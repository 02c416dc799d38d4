/// What keeps new code from being served: shown in the terminal and in the browser until it is gone.
struct Problem {
  struct Finding: Equatable {
    /// Empty when the place is unknown.
    var file = ""
    var line = 0
    var column = 0
    var message: String
    /// The compiler's lines of source and marks below the message.
    var excerpt: [String] = []

    /// The loader compiles a copy of each file with a line in front that names the original. Messages
    /// count as the original does, excerpts as the copy; here both do.
    var renumbered: Finding {
      func number(_ line: String) -> Int? {
        line.split(separator: "|", maxSplits: 1).first.flatMap { Int($0.filter { $0 != " " }) }
      }
      guard
        let mark = excerpt.firstIndex(where: {
          $0.contains("`- error:") || $0.contains("|- error:")
        }),
        let shown = excerpt[..<mark].lazy.compactMap(number).last, line > 0, shown != line
      else { return self }
      var result = self
      result.excerpt = excerpt.map { text in
        guard let own = number(text), let bar = text.firstIndex(of: "|") else { return text }
        let digits = String(own - shown + line)
        let width = text.distance(from: text.startIndex, to: bar) - 1
        return String(repeating: " ", count: max(0, width - digits.count)) + digits + " "
          + text[bar...]
      }
      return result
    }
  }

  let title: String
  let findings: [Finding]
  /// Told when there are no findings: everything that was printed.
  let output: String

  /// Of a build that has failed.
  ///
  /// - Parameter output: lines of `swift build`, errors first as `BuildRun.essence` leaves them.
  init(building name: String, output: [String]) {
    var findings: [Finding] = []
    for line in output {
      if let head = Self.head(line) {
        findings.append(head)
      } else if !findings.isEmpty, !line.isEmpty {
        findings[findings.count - 1].excerpt.append(line)
      }
    }
    self.findings = findings.map(\.renumbered)
    self.output = output.joined(separator: "\n")
    title = findings.isEmpty ? "\(name) does not build" : "\(name) does not compile"
  }

  init(title: String, text: String) {
    self.title = title
    findings = []
    output = text
  }

  /// `/app/home.swift:7:9: error: message`.
  static func head(_ line: String) -> Finding? {
    guard let mark = line.range(of: ": error: ") else {
      guard line.hasPrefix("error: ") else { return nil }
      return Finding(message: String(line.dropFirst(7)))
    }
    var place = line[..<mark.lowerBound].split(separator: ":", omittingEmptySubsequences: false)
    var numbers: [Int] = []
    while numbers.count < 2, place.count > 1, let number = Int(place[place.count - 1]) {
      numbers.insert(number, at: 0)
      place.removeLast()
    }
    return Finding(
      file: place.joined(separator: ":"), line: numbers.first ?? 0,
      column: numbers.count > 1 ? numbers[1] : 0, message: String(line[mark.upperBound...]))
  }
}

extension StringProtocol {
  /// The first place of a text.
  func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) {
        return start..<index(start, offsetBy: text.count)
      }
      start = index(after: start)
    }
    return nil
  }
}
