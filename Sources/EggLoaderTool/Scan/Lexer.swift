import Glibc

/// One lexical element of a Swift source, as far as finding declarations needs it.
struct Token {
  enum Kind: UInt8 {
    /// Names and keywords, also between backticks.
    case name
    /// A whole string or regular expression literal, interpolations included.
    case literal
    case number
    /// One character: braces, brackets, and each operator character by itself.
    case mark
    /// `->`
    case arrow
    /// `#if`, `#elseif`, `#else`, `#endif` with the rest of their line, and other `#name`.
    case directive
    case end
  }

  var kind: Kind
  /// The character when `kind` is `mark`, else 0.
  var mark: UInt8
  /// Byte offsets in the file.
  var start: Int
  var end: Int
  /// True when nothing but space stands before it on its line.
  var startsLine: Bool
}

/// Splits UTF-8 Swift source into tokens; comments and space disappear.
///
/// It never fails: what it cannot read sets ``isBroken`` and the rest is skipped, because the
/// compiler will report the mistake better.
/// SwiftPM builds tools without optimisation, so the bytes are read through a pointer, and long
/// stretches without meaning are left to the C library.
struct Lexer {
  let bytes: UnsafePointer<UInt8>
  let count: Int
  private(set) var position = 0
  /// An unterminated comment or literal was met.
  private(set) var isBroken = false
  /// Strings in interpolations of strings; a bound on recursion.
  private var interpolations = 0
  private static let maximumDepth = 64

  /// - Parameter bytes: borrowed for the life of the lexer; a zero stands at `count`.
  init(_ bytes: UnsafePointer<UInt8>, count: Int) {
    self.bytes = bytes
    self.count = count
    if count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    if peek(0) == 0x23, peek(1) == 0x21 { skipLine() }  // #!/usr/bin/…
  }

  /// The next token; `.end` for ever once the source is used up.
  mutating func next() -> Token {
    let startsLine = skipSpace()
    let start = position
    guard position < count else { return token(.end, start, startsLine) }
    let byte = bytes[position]
    if byte.isNameStart {
      skipName()
      return token(.name, start, startsLine)
    }
    if byte.isDigit {
      skipName()
      return token(.number, start, startsLine)
    }
    switch byte {
    case 0x22:  // "
      skipString(pounds: 0)
      return token(.literal, start, startsLine)
    case 0x60:  // `
      position += 1
      while position < count, bytes[position] != 0x60, bytes[position] != 0x0A { position += 1 }
      if peek(0) == 0x60 { position += 1 } else { isBroken = true }
      return token(.name, start, startsLine)
    case 0x23:  // #
      return pound(start, startsLine)
    case 0x2F where opensRegex():  // /
      return token(.literal, start, startsLine)
    case 0x2D where peek(1) == 0x3E:  // ->
      position += 2
      return token(.arrow, start, startsLine)
    case 0x24:  // $0
      position += 1
      skipName()
      return token(.name, start, startsLine)
    default:
      position += 1
      return Token(kind: .mark, mark: byte, start: start, end: position, startsLine: startsLine)
    }
  }

  /// After `{` has been read: skips to just behind the `}` that closes it.
  ///
  /// - Returns: false at the end of the file.
  mutating func skipBlock() -> Bool {
    var depth = 1
    while position < count {
      let rest = UnsafeRawPointer(bytes + position).assumingMemoryBound(to: CChar.self)
      position += strcspn(rest, Self.stops)
      switch peek(0) {
      case 0x7B:
        depth += 1
        position += 1
      case 0x7D:
        depth -= 1
        position += 1
        if depth == 0 { return true }
      case 0x2F where peek(1) == 0x2F:
        skipLine()
      case 0x2F where peek(1) == 0x2A:
        _ = skipBlockComment()
      case 0x22, 0x2F, 0x23, 0x60:
        _ = next()
      default:
        position += 1  // a zero in the file, or its end
      }
    }
    position = min(position, count)
    return false
  }

  /// Goes back to a token that has been read.
  mutating func rewind(to token: Token) {
    position = token.start
  }

  func text(_ start: Int, _ end: Int) -> String {
    String(decoding: UnsafeBufferPointer(start: bytes + start, count: end - start), as: UTF8.self)
  }

  /// What a block may not be skipped over blindly: braces, strings, comments, `#`, backticks.
  private static let stops = "{}\"/#`"

  // MARK: Parts of tokens

  private func peek(_ distance: Int) -> UInt8 {
    position + distance < count ? bytes[position + distance] : 0
  }

  private func token(_ kind: Token.Kind, _ start: Int, _ startsLine: Bool) -> Token {
    Token(kind: kind, mark: 0, start: start, end: position, startsLine: startsLine)
  }

  private mutating func skipName() {
    while position < count, bytes[position].isNamePart { position += 1 }
  }

  private mutating func skipLine() {
    let newline = memchr(bytes + position, 0x0A, count - position)
    position = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(bytes) } ?? count
  }

  /// Skips space and comments; true when a line began.
  private mutating func skipSpace() -> Bool {
    var startsLine = position == 0
    while position < count {
      switch bytes[position] {
      case 0x0A, 0x0D:
        startsLine = true
        position += 1
      case 0x20, 0x09, 0x0B, 0x0C, 0x00:
        position += 1
      case 0x2F where peek(1) == 0x2F:
        skipLine()
      case 0x2F where peek(1) == 0x2A:
        if skipBlockComment() { startsLine = true }
      default:
        return startsLine
      }
    }
    return startsLine
  }

  /// Swift's block comments nest. True when it spans lines.
  private mutating func skipBlockComment() -> Bool {
    var depth = 0
    var lines = false
    while position < count {
      let byte = bytes[position]
      if byte == 0x2F, peek(1) == 0x2A {
        depth += 1
        position += 2
      } else if byte == 0x2A, peek(1) == 0x2F {
        depth -= 1
        position += 2
        if depth == 0 { return lines }
      } else {
        if byte == 0x0A { lines = true }
        position += 1
      }
    }
    isBroken = true
    return lines
  }

  /// At the opening quote; `pounds` of them stood before it.
  private mutating func skipString(pounds: Int) {
    var multiline = peek(1) == 0x22 && peek(2) == 0x22
    // `#"""#` is the raw string that holds one quote.
    if multiline, pounds > 0, closesOnLine(from: position + 1, pounds) { multiline = false }
    position += multiline ? 3 : 1
    while position < count {
      let byte = bytes[position]
      if byte == 0x5C, closesPounds(at: 1, pounds) {  // \ or \#…
        position += 1 + pounds
        if peek(0) == 0x28 { skipInterpolation() } else if position < count { position += 1 }
        continue
      }
      if byte == 0x22 {
        if !multiline, closesPounds(at: 1, pounds) {
          position += 1 + pounds
          return
        }
        if multiline, peek(1) == 0x22, peek(2) == 0x22, closesPounds(at: 3, pounds) {
          position += 3 + pounds
          return
        }
      }
      if byte == 0x0A, !multiline {
        isBroken = true
        return
      }
      position += 1
    }
    isBroken = true
  }

  private func closesOnLine(from start: Int, _ pounds: Int) -> Bool {
    var index = start
    while index < count, bytes[index] != 0x0A {
      if bytes[index] == 0x22, closesPounds(at: index + 1 - position, pounds) { return true }
      index += 1
    }
    return false
  }

  private func closesPounds(at distance: Int, _ pounds: Int) -> Bool {
    var index = 0
    while index < pounds {
      if peek(distance + index) != 0x23 { return false }
      index += 1
    }
    return true
  }

  /// At the `(` of `\(`; an interpolation holds any tokens, strings too.
  private mutating func skipInterpolation() {
    guard interpolations < Self.maximumDepth else {
      isBroken = true
      position = count
      return
    }
    interpolations += 1
    defer { interpolations -= 1 }
    position += 1
    var depth = 1
    while depth > 0 {
      let token = next()
      if token.kind == .end {
        isBroken = true
        return
      }
      if token.kind == .mark {
        if token.mark == 0x28 { depth += 1 }
        if token.mark == 0x29 { depth -= 1 }
      }
    }
  }

  /// At `#`: a raw string, an extended regular expression, or a directive.
  private mutating func pound(_ start: Int, _ startsLine: Bool) -> Token {
    var pounds = 0
    while peek(pounds) == 0x23 { pounds += 1 }
    if peek(pounds) == 0x22 {
      position += pounds
      skipString(pounds: pounds)
      return token(.literal, start, startsLine)
    }
    if peek(pounds) == 0x2F {
      position += pounds + 1
      while position < count {
        if bytes[position] == 0x5C {
          position += 2
        } else if bytes[position] == 0x2F, closesPounds(at: 1, pounds) {
          position += 1 + pounds
          return token(.literal, start, startsLine)
        } else {
          position += 1
        }
      }
      position = count
      isBroken = true
      return token(.literal, start, startsLine)
    }
    position += pounds
    skipName()
    switch text(start, position) {
    case "#if", "#elseif", "#else", "#endif":
      // Conditions hold no declarations; a comment behind them does no harm.
      skipLine()
    default: break
    }
    return token(.directive, start, startsLine)
  }

  /// At `/`: reads a bare regular expression if this is one, else leaves the position.
  ///
  /// The rule of the language: where an operand may begin, not followed by space, and closed on
  /// the same line without an unbalanced `)`.
  private mutating func opensRegex() -> Bool {
    let first = peek(1)
    if first == 0x20 || first == 0x09 || first == 0x0A || first == 0 || isAfterOperand {
      return false
    }
    var index = position + 1
    var depth = 0
    var inClass = false
    while index < count, bytes[index] != 0x0A {
      switch bytes[index] {
      case 0x5C: index += 1
      case 0x5B: inClass = true
      case 0x5D: inClass = false
      case 0x28 where !inClass: depth += 1
      case 0x29 where !inClass:
        depth -= 1
        if depth < 0 { return false }
      case 0x2F where !inClass:
        position = index + 1
        return true
      default: break
      }
      index += 1
    }
    return false
  }

  /// Whether what stands before the position ends an expression, so that `/` divides.
  private var isAfterOperand: Bool {
    var end = position
    while end > 0, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 || bytes[end - 1] == 0x0A {
      end -= 1
    }
    guard end > 0 else { return false }
    switch bytes[end - 1] {
    case 0x29, 0x5D, 0x7D, 0x22, 0x60: return true  // ) ] } " `
    case let byte where !byte.isNamePart: return false
    default: break
    }
    var start = end
    while start > 0, bytes[start - 1].isNamePart { start -= 1 }
    return !Self.wordsBeforeOperands.contains(text(start, end))
  }

  /// `return /x/` and the like: an operand follows.
  private static let wordsBeforeOperands: Set<String> = [
    "return", "in", "as", "is", "case", "if", "while", "where", "guard", "throw", "try", "await",
    "let", "else", "switch", "yield",
  ]
}

extension UInt8 {
  var isDigit: Bool { self >= 0x30 && self <= 0x39 }

  /// Letters, `_`, and every byte of a character outside ASCII.
  var isNameStart: Bool {
    (self >= 0x61 && self <= 0x7A) || (self >= 0x41 && self <= 0x5A) || self == 0x5F || self >= 0x80
  }

  var isNamePart: Bool { isNameStart || isDigit }
}
