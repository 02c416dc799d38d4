/// A path pattern such as `/user/:id(\\d+)?`, cut into literals and parameters.
///
/// - Source: the syntax of path-to-regexp 1.x, which Egg's router uses. Where 1.x reads an unclosed
///   or nested parenthesis as literal text, this reader refuses it and says where.
struct PathPattern {
  enum Token: Equatable {
    case literal([UInt8])
    case parameter(Parameter)
  }

  struct Parameter: Equatable {
    /// The name, or the number of an unnamed group as text.
    var name: String
    /// `/` or `.` directly before the parameter; it belongs to it when it is optional or repeated.
    var prefix: UInt8?
    /// The parameter stops before this byte.
    var delimiter: UInt8
    var isOptional: Bool
    var isRepeated: Bool
    /// Something other than the prefix follows, so that the prefix is never optional.
    var isPartial: Bool
    /// A bare `*`.
    var isStar: Bool
    /// The text between the parentheses, ready for a regular expression.
    var custom: String?
    /// The pattern's own text for it, without the prefix.
    var written: String
  }

  /// A longer pattern is refused.
  static let maximumLength = 2048

  let text: String
  let tokens: [Token]

  var parameterNames: [String] {
    tokens.compactMap { if case .parameter(let parameter) = $0 { parameter.name } else { nil } }
  }

  /// - Throws: `.pattern` with the 0-based byte position of what is wrong.
  init(_ text: String) throws(RouterError) {
    var reader = PathPatternReader(text)
    self.text = text
    tokens = try reader.read()
  }
}

/// Reads one pattern from left to right.
private struct PathPatternReader {
  private let text: String
  private let bytes: [UInt8]
  private var position = 0
  private var unnamed = 0

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  mutating func read() throws(RouterError) -> [PathPattern.Token] {
    guard bytes.count <= PathPattern.maximumLength else {
      throw refusal("longer than \(PathPattern.maximumLength) bytes", PathPattern.maximumLength)
    }
    var tokens: [PathPattern.Token] = []
    var literal: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      if byte == RouteByte.backslash, position + 1 < bytes.count {
        literal.append(bytes[position + 1])
        position += 2
        continue
      }
      var prefix: UInt8?
      if byte == RouteByte.slash || byte == RouteByte.dot, startsParameter(position + 1) {
        prefix = byte
        position += 1
      } else if byte == RouteByte.close {
        throw refusal("unmatched \")\", write \"\\\\)\" for the character", position)
      } else if !startsParameter(position) {
        literal.append(byte)
        position += 1
        continue
      }
      if !literal.isEmpty { tokens.append(.literal(literal)) }
      literal = []
      tokens.append(.parameter(try parameter(prefix: prefix)))
    }
    if !literal.isEmpty { tokens.append(.literal(literal)) }
    return tokens
  }

  private func startsParameter(_ at: Int) -> Bool {
    guard at < bytes.count else { return false }
    switch bytes[at] {
    case RouteByte.star, RouteByte.open: return true
    case RouteByte.colon: return at + 1 < bytes.count && RouteByte.isWord(bytes[at + 1])
    default: return false
    }
  }

  private mutating func parameter(prefix: UInt8?) throws(RouterError) -> PathPattern.Parameter {
    let begin = position
    var name: String?
    var custom: String?
    var isStar = false
    if bytes[position] == RouteByte.star {
      position += 1
      isStar = true
    } else {
      if bytes[position] == RouteByte.colon {
        position += 1
        let nameStart = position
        while position < bytes.count, RouteByte.isWord(bytes[position]) { position += 1 }
        name = String(decoding: bytes[nameStart..<position], as: UTF8.self)
      }
      if position < bytes.count, bytes[position] == RouteByte.open { custom = try group() }
    }
    var modifier: UInt8?
    if !isStar, position < bytes.count,
      [RouteByte.question, RouteByte.star, RouteByte.plus].contains(bytes[position])
    {
      modifier = bytes[position]
      position += 1
    }
    if name == nil {
      name = String(unnamed)
      unnamed += 1
    }
    return PathPattern.Parameter(
      name: name!, prefix: prefix, delimiter: prefix ?? RouteByte.slash,
      isOptional: modifier == RouteByte.question || modifier == RouteByte.star,
      isRepeated: modifier == RouteByte.plus || modifier == RouteByte.star,
      isPartial: prefix != nil && position < bytes.count && bytes[position] != prefix,
      isStar: isStar, custom: custom,
      written: String(decoding: bytes[begin..<position], as: UTF8.self))
  }

  /// Reads `(…)` and returns the inside with the characters escaped that 1.x takes literally there.
  private mutating func group() throws(RouterError) -> String {
    let begin = position
    position += 1
    var inside: [UInt8] = []
    while true {
      guard position < bytes.count else { throw refusal("unclosed \"(\"", begin) }
      let byte = bytes[position]
      switch byte {
      case RouteByte.close:
        guard !inside.isEmpty else { throw refusal("an empty \"()\"", begin) }
        position += 1
        return String(decoding: inside, as: UTF8.self)
      case RouteByte.open:
        throw refusal(
          "a \"(\" inside a parameter's pattern; a regular expression route can nest groups",
          position)
      case RouteByte.backslash where position + 1 < bytes.count:
        inside += [byte, bytes[position + 1]]
        position += 2
      default:
        if "=!:$/".utf8.contains(byte) { inside.append(RouteByte.backslash) }
        inside.append(byte)
        position += 1
      }
    }
  }

  private func refusal(_ what: String, _ at: Int) -> RouterError {
    RouterError(.pattern, "path \"\(text)\": \(what) (position \(at))")
  }
}
