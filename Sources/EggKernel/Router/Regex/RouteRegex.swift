/// A compiled regular expression over bytes, in JavaScript's syntax, with bounded work.
///
///     let id = try RouteRegex("^/user/(\\d+)$")
///     id.match(path, scratch: &scratch)   // .matched, scratch.capture(1) is the digits
///
/// The subject is not decoded: a character outside ASCII is its UTF-8 bytes, and `.` is one byte.
/// - Source: ECMA-262, regular expressions without the `u` flag.
package struct RouteRegex: Sendable {
  package struct Flags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// `i`, for ASCII letters.
    package static let ignoreCase = Flags(rawValue: 1)
    /// `m`.
    package static let multiline = Flags(rawValue: 2)
    /// `s`.
    package static let dotAll = Flags(rawValue: 4)

    /// The letters as JavaScript orders them.
    package var text: String {
      (contains(.ignoreCase) ? "i" : "") + (contains(.multiline) ? "m" : "")
        + (contains(.dotAll) ? "s" : "")
    }
  }

  package enum Outcome: Sendable, Equatable {
    case matched
    case unmatched
    /// The step limit was reached; the path counts as not matching.
    case exhausted
  }

  /// The number of instructions one match may execute; about half a millisecond.
  package static let stepLimit = 100_000

  package let source: String
  package let flags: Flags
  package let groupCount: Int
  /// The bytes every matching subject starts with; empty when unknown.
  let literalPrefix: [UInt8]

  let instructions: [RegexInstruction]
  let sets: [Bool]
  let slotCount: Int
  private let isAnchored: Bool

  /// - Parameter flags: letters out of `ims`.
  /// - Throws: a syntax error, or syntax that is not supported, with its position.
  package init(_ source: String, flags letters: String) throws(RouteRegexError) {
    var flags: Flags = []
    for letter in letters {
      switch letter {
      case "i": flags.insert(.ignoreCase)
      case "m": flags.insert(.multiline)
      case "s": flags.insert(.dotAll)
      default:
        throw RouteRegexError(
          message: "flag \"\(letter)\" is not supported, only i, m and s", offset: 0)
      }
    }
    try self.init(source, flags: flags)
  }

  package init(_ source: String, flags: Flags = []) throws(RouteRegexError) {
    var parser = RegexParser(Array(source.utf8), flags: flags)
    let node = try parser.parse()
    var compiler = RegexCompiler(
      groupCount: parser.groupCount, multiline: flags.contains(.multiline))
    try compiler.compile(node)
    self.source = source
    self.flags = flags
    groupCount = parser.groupCount
    instructions = compiler.instructions
    sets = compiler.sets
    slotCount = compiler.slotCount
    let anchored = flags.contains(.multiline) ? nil : node.anchoredLiteral
    isAnchored = anchored != nil
    literalPrefix = anchored ?? []
  }

  /// The expression as JavaScript prints it, for example `/^\/user$/i`.
  package var text: String { "/\(source)/\(flags.text)" }

  /// Finds the first match in `path[start...]`; `^` stands for `start`.
  /// - Parameter scratch: reused memory; holds the captures afterwards.
  package func match(
    _ path: RoutePath, from start: Int = 0, limit: Int = RouteRegex.stepLimit,
    scratch: inout RegexScratch
  ) -> Outcome {
    var machine = RegexMachine(path: path, origin: start, steps: limit)
    var position = start
    while true {
      scratch.reset(slots: slotCount)
      if let end = machine.run(self, pc: 0, position: position, scratch: &scratch) {
        scratch.slots[0] = Int32(truncatingIfNeeded: position)
        scratch.slots[1] = Int32(truncatingIfNeeded: end)
        return .matched
      }
      if machine.isExhausted { return .exhausted }
      if isAnchored || position >= path.count { return .unmatched }
      position += 1
    }
  }
}
