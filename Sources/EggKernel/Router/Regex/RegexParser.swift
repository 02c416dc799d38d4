/// What is wrong with a regular expression, and at which byte of its source (0-based).
package struct RouteRegexError: Error, Sendable, Equatable {
  package let message: String
  package let offset: Int
}

/// Reads the JavaScript syntax of regular expressions.
///
/// Known: literals, `.`, classes, `\d \D \w \W \s \S \b \B`, control and hex escapes, groups,
/// `(?:…)`, `(?=…)`, `(?!…)`, alternation, greedy and lazy quantifiers, `^`, `$`, flags `i m s`.
/// Back references, look-behind, named groups and Unicode classes are refused with their position.
///
/// - Source: ECMA-262, "RegExp (Regular Expression) Objects", patterns without the `u` flag.
struct RegexParser {
  /// A longer source is refused.
  static let maximumLength = 4096
  /// Deeper nesting is refused, because parsing and compiling recurse.
  static let maximumDepth = 64
  /// The largest number in a quantifier; counted loops are written out.
  static let maximumCount = 1000

  private let source: [UInt8]
  private let flags: RouteRegex.Flags
  private var position = 0
  private var depth = 0
  private(set) var groupCount = 0

  init(_ source: [UInt8], flags: RouteRegex.Flags) {
    self.source = source
    self.flags = flags
  }

  mutating func parse() throws(RouteRegexError) -> RegexNode {
    guard source.count <= Self.maximumLength else {
      throw error("longer than \(Self.maximumLength) bytes", at: Self.maximumLength)
    }
    let node = try alternation()
    if position < source.count { throw error("unmatched \")\"", at: position) }
    return node
  }

  // MARK: Structure

  private mutating func alternation() throws(RouteRegexError) -> RegexNode {
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternation(branches)
  }

  private mutating func sequence() throws(RouteRegexError) -> RegexNode {
    var nodes: [RegexNode] = []
    while let byte = peek, byte != UInt8(ascii: "|"), byte != RouteByte.close {
      let begin = position
      let firstGroup = groupCount + 1
      var node = try term()
      if let quantifier = try quantifier() {
        switch node {
        case .start, .end, .wordBoundary, .lookahead, .loop:
          throw error("nothing to repeat", at: position - 1)
        default: break
        }
        // A character of several bytes counts as one: the loop is around all of them.
        node = .loop(
          node, min: quantifier.min, max: quantifier.max, greedy: quantifier.greedy,
          captures: firstGroup..<(groupCount + 1))
      }
      precondition(position > begin, "a term consumes its source")
      nodes.append(node)
    }
    // A one-element sequence stays one, so that `anchoredLiteral` sees one shape only.
    return nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func term() throws(RouteRegexError) -> RegexNode {
    let begin = position
    let byte = source[position]
    position += 1
    switch byte {
    case UInt8(ascii: "^"):
      return .start
    case UInt8(ascii: "$"):
      return .end
    case RouteByte.dot:
      return .set(
        flags.contains(.dotAll) ? RegexByteSet().inverted : RegexByteSet.lineEnds.inverted)
    case RouteByte.open:
      return try group(from: begin)
    case UInt8(ascii: "["):
      return .set(try characterClass(from: begin))
    case RouteByte.backslash:
      return try escape(from: begin)
    case RouteByte.star, RouteByte.plus, RouteByte.question:
      throw error("nothing to repeat", at: begin)
    default:
      // The rest of a UTF-8 sequence belongs to the same character.
      var bytes = [byte]
      while byte >= 0xC0, let next = peek, next & 0xC0 == 0x80 {
        bytes.append(next)
        position += 1
      }
      return literal(bytes)
    }
  }

  private mutating func group(from begin: Int) throws(RouteRegexError) -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw error("groups nested too deeply", at: begin) }
    var wrap: (RegexNode) -> RegexNode = { $0 }
    if take("?") {
      if take(":") {
      } else if take("=") {
        wrap = { .lookahead($0, negated: false) }
      } else if take("!") {
        wrap = { .lookahead($0, negated: true) }
      } else if take("<") {
        let behind = peek == UInt8(ascii: "=") || peek == UInt8(ascii: "!")
        throw error(
          behind ? "look-behind is not supported" : "named groups are not supported, use (…)",
          at: begin)
      } else {
        throw error("unknown group kind \"(?\"", at: begin)
      }
    } else {
      groupCount += 1
      let index = groupCount
      wrap = { .group(index, $0) }
    }
    let inner = try alternation()
    guard take(")") else { throw error("unclosed \"(\"", at: begin) }
    return wrap(inner)
  }

  // MARK: Quantifiers

  private struct Quantifier {
    var min: Int
    var max: Int?
    var greedy = true
  }

  private mutating func quantifier() throws(RouteRegexError) -> Quantifier? {
    var result: Quantifier
    switch peek {
    case RouteByte.star:
      position += 1
      result = Quantifier(min: 0, max: nil)
    case RouteByte.plus:
      position += 1
      result = Quantifier(min: 1, max: nil)
    case RouteByte.question:
      position += 1
      result = Quantifier(min: 0, max: 1)
    case UInt8(ascii: "{"):
      guard let counted = try counts() else { return nil }
      result = counted
    default:
      return nil
    }
    if take("?") { result.greedy = false }
    return result
  }

  /// `{n}`, `{n,}` or `{n,m}`; any other text after `{` is literal, as in JavaScript.
  private mutating func counts() throws(RouteRegexError) -> Quantifier? {
    let begin = position
    position += 1
    guard let min = number() else {
      position = begin
      return nil
    }
    var max: Int? = min
    if take(",") { max = number() }
    guard take("}") else {
      position = begin
      return nil
    }
    guard min <= Self.maximumCount, (max ?? 0) <= Self.maximumCount else {
      throw error("a quantifier above \(Self.maximumCount)", at: begin)
    }
    if let max, max < min { throw error("quantifier numbers out of order", at: begin) }
    return Quantifier(min: min, max: max)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let byte = peek, RouteByte.isDigit(byte) {
      value = Swift.min((value ?? 0) * 10 + Int(byte - 48), Self.maximumCount + 1)
      position += 1
    }
    return value
  }

  // MARK: Escapes and classes

  private mutating func escape(from begin: Int) throws(RouteRegexError) -> RegexNode {
    switch peek {
    case nil:
      throw error("a \"\\\" at the end", at: begin)
    case UInt8(ascii: "b"):
      position += 1
      return .wordBoundary(negated: false)
    case UInt8(ascii: "B"):
      position += 1
      return .wordBoundary(negated: true)
    case .some(let byte) where byte >= UInt8(ascii: "1") && byte <= UInt8(ascii: "9"):
      throw error("back references are not supported", at: begin)
    default:
      break
    }
    switch try escapedCharacter(from: begin) {
    case .set(let set): return .set(set)
    case .bytes(let bytes): return literal(bytes)
    }
  }

  private enum Escaped {
    case set(RegexByteSet)
    case bytes([UInt8])
  }

  /// Reads what follows a backslash, inside or outside a class.
  private mutating func escapedCharacter(from begin: Int) throws(RouteRegexError) -> Escaped {
    guard let byte = peek else { throw error("a \"\\\" at the end", at: begin) }
    position += 1
    switch byte {
    case UInt8(ascii: "d"): return .set(.digits)
    case UInt8(ascii: "D"): return .set(RegexByteSet.digits.inverted)
    case UInt8(ascii: "w"): return .set(.word)
    case UInt8(ascii: "W"): return .set(RegexByteSet.word.inverted)
    case UInt8(ascii: "s"): return .set(.space)
    case UInt8(ascii: "S"): return .set(RegexByteSet.space.inverted)
    case UInt8(ascii: "t"): return .bytes([9])
    case UInt8(ascii: "n"): return .bytes([10])
    case UInt8(ascii: "v"): return .bytes([11])
    case UInt8(ascii: "f"): return .bytes([12])
    case UInt8(ascii: "r"): return .bytes([13])
    case UInt8(ascii: "0"):
      if let next = peek, RouteByte.isDigit(next) {
        throw error("octal escapes are not supported", at: begin)
      }
      return .bytes([0])
    case UInt8(ascii: "x"): return .bytes(try codePoint(digits: 2, from: begin))
    case UInt8(ascii: "u"): return .bytes(try codePoint(digits: 4, from: begin))
    default:
      if RouteByte.isLetter(byte) || RouteByte.isDigit(byte) {
        throw error("unknown escape \"\\\(Character(UnicodeScalar(byte)))\"", at: begin)
      }
      var bytes = [byte]
      while byte >= 0xC0, let next = peek, next & 0xC0 == 0x80 {
        bytes.append(next)
        position += 1
      }
      return .bytes(bytes)
    }
  }

  private mutating func codePoint(digits: Int, from begin: Int) throws(RouteRegexError) -> [UInt8] {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = peek, let digit = RouteByte.hexValue(byte) else {
        throw error("\(digits) hexadecimal digits expected after the escape", at: begin)
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    guard let scalar = UnicodeScalar(value) else {
      throw error("half of a surrogate pair", at: begin)
    }
    return Array(String(Character(scalar)).utf8)
  }

  private mutating func characterClass(from begin: Int) throws(RouteRegexError) -> RegexByteSet {
    let negated = take("^")
    var set = RegexByteSet()
    while true {
      guard let byte = peek else { throw error("unclosed \"[\"", at: begin) }
      if byte == UInt8(ascii: "]") { break }
      let low = try classAtom()
      // "a-]" and "-a" hold a literal "-".
      let isRange =
        peek == UInt8(ascii: "-") && position + 1 < source.count
        && source[position + 1] != UInt8(ascii: "]")
      guard isRange else {
        set.formUnion(low)
        continue
      }
      let rangeAt = position
      position += 1
      let high = try classAtom()
      guard let from = low.onlyByte, let to = high.onlyByte, from <= to else {
        throw error("a range in a class needs two characters in order", at: rangeAt)
      }
      set.formUnion(RegexByteSet(from...to))
    }
    position += 1
    if flags.contains(.ignoreCase) { set = set.caseFolded }
    return negated ? set.inverted : set
  }

  private mutating func classAtom() throws(RouteRegexError) -> RegexByteSet {
    let begin = position
    let byte = source[position]
    position += 1
    if byte == RouteByte.backslash {
      if take("b") { return RegexByteSet([8]) }
      switch try escapedCharacter(from: begin) {
      case .set(let set): return set
      case .bytes(let bytes) where bytes.count == 1: return RegexByteSet(bytes)
      case .bytes: break
      }
    } else if byte < 0x80 {
      return RegexByteSet([byte])
    }
    throw error("only ASCII characters may stand in a class, use (?:a|b)", at: begin)
  }

  // MARK: Small things

  private func literal(_ bytes: [UInt8]) -> RegexNode {
    let sets = bytes.map { byte in
      let set = RegexByteSet([byte])
      return RegexNode.set(flags.contains(.ignoreCase) ? set.caseFolded : set)
    }
    return sets.count == 1 ? sets[0] : .sequence(sets)
  }

  private var peek: UInt8? { position < source.count ? source[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private func error(_ message: String, at offset: Int) -> RouteRegexError {
    RouteRegexError(message: message, offset: offset)
  }
}
