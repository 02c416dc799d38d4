/// What one command is called, takes, and does. The parser, the help text and the suggestions all
/// read this.
struct CommandDescription: Sendable {
  /// `["plugin", "list"]`.
  let path: [String]
  /// One line for the list of commands.
  let summary: String
  var arguments: [Argument] = []
  var options: [Option] = []
  /// Paragraphs below the options in `--help`.
  var notes = ""
  /// The program runs it itself; the help does not show it.
  var isInternal = false
  let run: @Sendable (Arguments) throws -> Void

  /// A word that is not an option, by its place.
  struct Argument: Sendable {
    let name: String
    let summary: String
    var isRequired = false

    static func required(_ name: String, _ summary: String) -> Argument {
      Argument(name: name, summary: summary, isRequired: true)
    }

    static func optional(_ name: String, _ summary: String) -> Argument {
      Argument(name: name, summary: summary)
    }
  }

  /// A word that begins with dashes.
  struct Option: Sendable {
    /// Without dashes.
    let name: String
    /// What the help calls the value; nil for a switch.
    let value: String?
    let summary: String
    var short: String?

    static func value(
      _ name: String, _ value: String, _ summary: String, short: String? = nil
    ) -> Option {
      Option(name: name, value: value, summary: summary, short: short)
    }

    static func flag(_ name: String, _ summary: String) -> Option {
      Option(name: name, value: nil, summary: summary)
    }

    static let json = flag("json", "print JSON, for programs")
    static let help = flag("help", "print this text")

    var spelling: String {
      (short.map { "-\($0), " } ?? "") + "--\(name)" + (value.map { " \($0)" } ?? "")
    }
  }

  var name: String { path.joined(separator: " ") }

  var usage: String {
    var text = "egg \(name)"
    for argument in arguments {
      text += argument.isRequired ? " \(argument.name)" : " [\(argument.name)]"
    }
    return options.isEmpty ? text : text + " [options]"
  }

  var help: String {
    var text = "\(summary)\n\nusage: \(usage)\n"
    var rows = arguments.map { ($0.name, $0.summary) }
    rows += (options + [.help]).map { ($0.spelling, $0.summary) }
    text += "\n" + TextTable.aligned(rows, indentation: 2)
    if !notes.isEmpty { text += "\n\(notes)\n" }
    return text
  }
}
