import EggKernel

/// The words after a command's name, sorted into options and arguments.
struct Arguments {
  let command: CommandDescription
  private var values: [String: String] = [:]
  /// Every value of an option that was given several times, in order.
  private var repeated: [String: [String]] = [:]
  private var positional: [String] = []
  private(set) var wantsHelp = false

  /// Accepts `--name value`, `--name=value`, `-n value`; `--` ends the options.
  ///
  /// - Throws: `UsageError` for an unknown option (with the one that was probably meant), a missing
  ///   value, a missing or superfluous argument.
  init(_ words: ArraySlice<String>, for command: CommandDescription) throws(UsageError) {
    self.command = command
    var words = words
    var optionsOver = false
    while let word = words.popFirst() {
      guard !optionsOver, word.hasPrefix("-"), word != "-" else {
        positional.append(word)
        continue
      }
      if word == "--" {
        optionsOver = true
      } else if word == "--help" || word == "-h" {
        wantsHelp = true
      } else {
        try takeOption(word, &words)
      }
    }
    guard !wantsHelp else { return }
    if positional.count > command.arguments.count {
      throw UsageError(
        "\"\(positional[command.arguments.count])\" is one argument more than \"egg \(command.name)\" takes",
        command)
    }
    if let missing = command.arguments.dropFirst(positional.count).first(where: \.isRequired) {
      throw UsageError("expected \(missing.name): \(missing.summary)", command)
    }
  }

  private mutating func takeOption(
    _ word: String, _ words: inout ArraySlice<String>
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let spelled = String(parts[0])
    let found = command.options.first {
      spelled == "--\($0.name)" || ($0.short.map { spelled == "-\($0)" } ?? false)
    }
    guard let option = found else {
      let known = command.options.map { "--\($0.name)" } + ["--help"]
      throw UsageError(
        "\"egg \(command.name)\" has no option \(spelled)\(Suggestion.phrase(for: spelled, among: known))",
        command)
    }
    guard let value = option.value else {
      guard parts.count == 1 else {
        throw UsageError("--\(option.name) takes no value, found \"\(parts[1])\"", command)
      }
      values[option.name] = ""
      return
    }
    if parts.count == 2 {
      values[option.name] = String(parts[1])
      repeated[option.name, default: []].append(String(parts[1]))
    } else if let next = words.popFirst() {
      values[option.name] = next
      repeated[option.name, default: []].append(next)
    } else {
      throw UsageError("--\(option.name) needs a value: \(value), \(option.summary)", command)
    }
  }

  // MARK: Reading

  func has(_ flag: String) -> Bool { values[flag] != nil }

  func text(_ option: String) -> String? { values[option] }

  /// - Throws: `UsageError` when it is not a whole number of the range.
  func number(_ option: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = values[option] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError(
        "expected --\(option) to be a number from \(range.lowerBound) to \(range.upperBound), found \"\(text)\"",
        command)
    }
    return number
  }

  /// Every value of an option that may be given several times.
  ///
  /// - Throws: `UsageError` for one that is not a number in the range.
  func numbers(_ option: String, in range: ClosedRange<Int>) throws(UsageError) -> [Int] {
    _ = try number(option, in: range)
    var numbers: [Int] = []
    for text in repeated[option] ?? [] {
      guard let number = Int(text), range.contains(number) else {
        throw UsageError(
          "expected --\(option) to be a number from \(range.lowerBound) to \(range.upperBound), found \"\(text)\"",
          command)
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The argument at a place.
  subscript(place: Int) -> String? { positional.indices.contains(place) ? positional[place] : nil }

  var printsJSON: Bool { has("json") }
}
