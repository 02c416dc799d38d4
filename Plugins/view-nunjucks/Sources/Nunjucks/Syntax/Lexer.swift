/// Cuts template source into tokens, one at a time, because `{% raw %}` moves the position itself.
struct Lexer {
  let source: [UInt8]
  private(set) var index = 0
  private(set) var inCode = false
  private let options: TemplateOptions
  private let blockStart: [UInt8]
  private let blockEnd: [UInt8]
  private let variableStart: [UInt8]
  private let variableEnd: [UInt8]
  private let commentStart: [UInt8]
  private let commentEnd: [UInt8]
  private let starts: [Bool]

  init(_ source: [UInt8], _ options: TemplateOptions) {
    self.source = source
    self.options = options
    func bytes(_ text: String, _ fallback: String) -> [UInt8] {
      Array((text.isEmpty ? fallback : text).utf8)
    }
    let tags = options.tags
    blockStart = bytes(tags.blockStart, "{%")
    blockEnd = bytes(tags.blockEnd, "%}")
    variableStart = bytes(tags.variableStart, "{{")
    variableEnd = bytes(tags.variableEnd, "}}")
    commentStart = bytes(tags.commentStart, "{#")
    commentEnd = bytes(tags.commentEnd, "#}")
    var starts = [Bool](repeating: false, count: 256)
    for delimiter in [blockStart, variableStart, commentStart, commentEnd] {
      starts[Int(delimiter[0])] = true
    }
    self.starts = starts
  }

  var isFinished: Bool { index >= source.count }

  /// Positions saved and restored by the parser when it tries a second reading.
  var state: (Int, Bool) {
    get { (index, inCode) }
    set { (index, inCode) = newValue }
  }

  /// The next token, or nil at the end of input.
  mutating func next() throws(TemplateError) -> Token? {
    inCode ? nextInCode() : try nextOutside()
  }

  // MARK: Outside tags

  private mutating func nextOutside() throws(TemplateError) -> Token? {
    if isFinished { return nil }
    let start = index
    if let token = delimiter(blockStart, .blockStart, dashAfter: true)
      ?? delimiter(variableStart, .variableStart, dashAfter: true)
    {
      inCode = true
      return token
    }
    if matches(commentStart) {
      index += commentStart.count
      while !isFinished {
        if matches(commentEnd) {
          index += commentEnd.count
          return Token(kind: .comment, value: text(start, index), offset: start)
        }
        index += 1
      }
      throw TemplateError("expected end of comment, got end of file", at: start)
    }
    while !isFinished {
      if !starts[Int(source[index])] {
        index += 1
        continue
      }
      if matches(blockStart) {
        var end = index
        if options.lstripBlocks {
          var line = index
          while line > start, source[line - 1] != 0x0A { line -= 1 }
          let atLineStart = line > start || start == 0 || source[start - 1] == 0x0A
          if atLineStart, line < index, isBlank(line, index) { end = line }
        }
        if end == start { return try nextOutside() }
        return Token(kind: .data, value: text(start, end), offset: start)
      }
      if matches(variableStart) || matches(commentStart) { break }
      if matches(commentEnd) {
        throw TemplateError("unexpected end of comment", at: index)
      }
      index += 1
    }
    return Token(kind: .data, value: text(start, index), offset: start)
  }

  private func isBlank(_ from: Int, _ to: Int) -> Bool {
    var at = from
    while at < to {
      let width = source.withUnsafeBufferPointer { whitespaceWidth($0.baseAddress! + at, to - at) }
      if width == 0 { return false }
      at += width
    }
    return true
  }

  /// Finds the end of a raw section opened by `tag`, and moves behind it.
  ///
  /// - Returns: the text to print as it stands. If nothing closes the section the text up to the
  ///   last nested tag is returned and what follows is template again, as in Nunjucks.
  mutating func raw(_ tag: String) -> String {
    let open = Array(tag.utf8)
    let close = Array("end\(tag)".utf8)
    var level = 1
    var end = index
    let start = index
    var at = index
    while at + 1 < source.count {
      guard source[at] == UInt8(ascii: "{"), source[at + 1] == UInt8(ascii: "%") else {
        at += 1
        continue
      }
      var cursor = skipBlank(at + 2)
      let isClose = has(close, cursor)
      guard isClose || has(open, cursor) else {
        at += 1
        continue
      }
      cursor = skipBlank(cursor + (isClose ? close.count : open.count))
      guard has([UInt8(ascii: "%"), UInt8(ascii: "}")], cursor) else {
        at += 1
        continue
      }
      level += isClose ? -1 : 1
      if level == 0 {
        index = cursor + 2
        return text(start, at)
      }
      at = cursor + 2
      end = at
    }
    index = end
    return text(start, end)
  }

  private func skipBlank(_ from: Int) -> Int {
    var at = from
    while at < source.count {
      let width = source.withUnsafeBufferPointer {
        whitespaceWidth($0.baseAddress! + at, source.count - at)
      }
      if width == 0 { break }
      at += width
    }
    return at
  }

  // MARK: Inside tags

  private mutating func nextInCode() -> Token? {
    if isFinished { return nil }
    let start = index
    let byte = source[index]
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return string(byte) }
    if let token = whitespace() { return token }
    if let token = delimiter(blockEnd, .blockEnd, dashAfter: false) {
      inCode = false
      if options.trimBlocks, !isFinished {
        if source[index] == 0x0A {
          index += 1
        } else if source[index] == 0x0D, index + 1 < source.count, source[index + 1] == 0x0A {
          index += 2
        }
      }
      return token
    }
    if let token = delimiter(variableEnd, .variableEnd, dashAfter: false) {
      inCode = false
      return token
    }
    if byte == UInt8(ascii: "r"), index + 1 < source.count, source[index + 1] == UInt8(ascii: "/") {
      return regex()
    }
    if let kind = Lexer.delimiterKind(byte) {
      index += 1
      if kind == .op, !isFinished { completeOperator(byte) }
      return Token(kind: kind, value: text(start, index), offset: start)
    }
    while !isFinished, Lexer.delimiterKind(source[index]) == nil, whitespaceAt(index) == 0 {
      index += 1
    }
    let word = text(start, index)
    if word.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
      guard !isFinished, source[index] == UInt8(ascii: ".") else {
        return Token(kind: .int, value: word, offset: start)
      }
      index += 1
      while !isFinished, source[index] >= 0x30, source[index] <= 0x39 { index += 1 }
      return Token(kind: .float, value: text(start, index), offset: start)
    }
    switch word {
    case "true", "false": return Token(kind: .boolean, value: word, offset: start)
    case "none", "null": return Token(kind: .none, value: word, offset: start)
    default: return Token(kind: .symbol, value: word, offset: start)
    }
  }

  private mutating func completeOperator(_ first: UInt8) {
    let second = source[index]
    let equals = UInt8(ascii: "=")
    switch first {
    case UInt8(ascii: "="), UInt8(ascii: "!"):
      guard second == equals else { return }
      index += 1
      if !isFinished, source[index] == equals { index += 1 }
    case UInt8(ascii: "<"), UInt8(ascii: ">"):
      if second == equals { index += 1 }
    case UInt8(ascii: "/"), UInt8(ascii: "*"):
      if second == first { index += 1 }
    default: break
    }
  }

  private mutating func string(_ quote: UInt8) -> Token {
    let start = index
    index += 1
    var bytes: [UInt8] = []
    while !isFinished, source[index] != quote {
      var byte = source[index]
      index += 1
      if byte == UInt8(ascii: "\\") {
        guard !isFinished else { break }
        byte = source[index]
        index += 1
        switch byte {
        case UInt8(ascii: "n"): byte = 0x0A
        case UInt8(ascii: "t"): byte = 0x09
        case UInt8(ascii: "r"): byte = 0x0D
        default: break
        }
      }
      bytes.append(byte)
    }
    if !isFinished { index += 1 }
    return Token(kind: .string, value: String(decoding: bytes, as: UTF8.self), offset: start)
  }

  private mutating func regex() -> Token {
    let start = index
    index += 2
    let bodyStart = index
    var bodyEnd = source.count
    while !isFinished {
      if source[index] == UInt8(ascii: "/"), source[index - 1] != UInt8(ascii: "\\") {
        bodyEnd = index
        index += 1
        break
      }
      index += 1
    }
    let flagStart = index
    while !isFinished, "gimy".utf8.contains(source[index]) { index += 1 }
    return Token(
      kind: .regex, value: text(bodyStart, bodyEnd), offset: start, flags: text(flagStart, index))
  }

  private func whitespaceAt(_ at: Int) -> Int {
    switch source[at] {
    case 0x20, 0x0A, 0x09, 0x0D: 1
    case 0xC2: at + 1 < source.count && source[at + 1] == 0xA0 ? 2 : 0
    default: 0
    }
  }

  private mutating func whitespace() -> Token? {
    let start = index
    while !isFinished {
      let width = whitespaceAt(index)
      if width == 0 { break }
      index += width
    }
    return index > start ? Token(kind: .whitespace, value: " ", offset: start) : nil
  }

  private mutating func delimiter(
    _ bytes: [UInt8], _ kind: Token.Kind, dashAfter: Bool
  ) -> Token? {
    let start = index
    let dash = UInt8(ascii: "-")
    if dashAfter {
      guard matches(bytes) else { return nil }
      index += bytes.count
      if !isFinished, source[index] == dash { index += 1 }
    } else if matches(bytes) {
      index += bytes.count
    } else if source[index] == dash, has(bytes, index + 1) {
      index += bytes.count + 1
    } else {
      return nil
    }
    return Token(kind: kind, value: text(start, index), offset: start)
  }

  private func matches(_ bytes: [UInt8]) -> Bool { has(bytes, index) }

  private func has(_ bytes: [UInt8], _ at: Int) -> Bool {
    guard at + bytes.count <= source.count else { return false }
    for offset in bytes.indices where source[at + offset] != bytes[offset] { return false }
    return true
  }

  private func text(_ from: Int, _ to: Int) -> String {
    String(decoding: source[from..<to], as: UTF8.self)
  }

  private static func delimiterKind(_ byte: UInt8) -> Token.Kind? {
    switch byte {
    case UInt8(ascii: "("): .leftParen
    case UInt8(ascii: ")"): .rightParen
    case UInt8(ascii: "["): .leftBracket
    case UInt8(ascii: "]"): .rightBracket
    case UInt8(ascii: "{"): .leftCurly
    case UInt8(ascii: "}"): .rightCurly
    case UInt8(ascii: ","): .comma
    case UInt8(ascii: ":"): .colon
    case UInt8(ascii: "~"): .tilde
    case UInt8(ascii: "|"): .pipe
    case UInt8(ascii: "%"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "/"), UInt8(ascii: "#"), UInt8(ascii: "."), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "!"):
      .op
    default: nil
    }
  }
}

/// The width in bytes of the JavaScript white space at `base`, or 0.
func whitespaceWidth(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
  if count <= 0 { return 0 }
  let first = base[0]
  if first < 0x80 { return first == 0x20 || (first >= 0x09 && first <= 0x0D) ? 1 : 0 }
  if first == 0xC2 { return count > 1 && base[1] == 0xA0 ? 2 : 0 }
  if count < 3 { return 0 }
  switch (first, base[1], base[2]) {
  case (0xE1, 0x9A, 0x80), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80), (0xEF, 0xBB, 0xBF): return 3
  case (0xE2, 0x80, let last):
    return last >= 0x80 && last <= 0x8A || last == 0xA8 || last == 0xA9 || last == 0xAF ? 3 : 0
  default: return 0
  }
}

extension TextView {
  /// Without JavaScript white space at the chosen ends.
  func trimmed(left: Bool = true, right: Bool = true) -> TextView {
    var from = 0
    var to = count
    if left {
      while from < to {
        let width = whitespaceWidth(base + from, to - from)
        if width == 0 { break }
        from += width
      }
    }
    if right {
      while to > from {
        var start = to - 1
        while start > from, base[start] & 0xC0 == 0x80 { start -= 1 }
        let width = whitespaceWidth(base + start, to - start)
        if width == 0 || start + width != to { break }
        to = start
      }
    }
    return slice(from, to)
  }
}
