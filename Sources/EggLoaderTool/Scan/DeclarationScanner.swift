/// Finds the declarations of one Swift file, without a syntax tree.
///
/// Function bodies, initial values and accessors are skipped as balanced blocks. Broken source gives
/// what could be read, and `isBroken`; nothing traps and nothing recurses deeper than
/// ``maximumDepth``.
struct DeclarationScanner {
  static let maximumDepth = 64

  var lexer: Lexer
  var token: Token
  var isBroken = false
  /// Types within types at hand.
  var typeDepth = 0
  /// Open `#if`s.
  private var conditions = 0

  /// - Parameter bytes: UTF-8, borrowed for the life of the scanner; a zero stands at `count`.
  init(_ bytes: UnsafePointer<UInt8>, count: Int) {
    lexer = Lexer(bytes, count: count)
    token = lexer.next()
  }

  /// The declarations of the file, in source order, with the members of its types.
  mutating func scan() -> [Declaration] {
    let declarations = scanBody(depth: 0)
    if lexer.isBroken || conditions != 0 { isBroken = true }
    return declarations
  }

  // MARK: Tokens

  mutating func advance() { token = lexer.next() }

  func isMark(_ mark: UInt8) -> Bool { token.kind == .mark && token.mark == mark }

  /// The text of the current token, without backticks.
  var word: String {
    if token.kind == .name, token.end - token.start > 2, lexer.bytes[token.start] == 0x60 {
      return lexer.text(token.start + 1, token.end - 1)
    }
    return lexer.text(token.start, token.end)
  }

  /// The keyword at hand, or `.none`; names in backticks are no keywords.
  var keyword: Keyword {
    guard token.kind == .name else { return .none }
    return Keyword(lexer.bytes + token.start, count: token.end - token.start)
  }

  /// At `(`, `[` or `{`: goes behind the bracket that closes it.
  mutating func skipBrackets() {
    var depth = 0
    repeat {
      if token.kind == .end {
        isBroken = true
        return
      }
      if token.kind == .mark {
        switch token.mark {
        case 0x28, 0x5B, 0x7B: depth += 1
        case 0x29, 0x5D, 0x7D: depth -= 1
        default: break
        }
      }
      advance()
    } while depth > 0
  }

  /// At `{`: goes behind its `}`, looking at nothing else.
  mutating func skipBlock() {
    if !lexer.skipBlock() { isBroken = true }
    advance()
  }

  /// At `<`: goes behind the `>` that closes it.
  private mutating func skipAngles() {
    var depth = 0
    repeat {
      switch token.kind {
      case .end:
        isBroken = true
        return
      case .mark where token.mark == 0x3C: depth += 1
      case .mark where token.mark == 0x3E: depth -= 1
      case .mark where token.mark == 0x28 || token.mark == 0x5B:
        skipBrackets()
        continue
      case .mark where token.mark == 0x7B:
        isBroken = true
        return
      default: break
      }
      advance()
    } while depth > 0
  }

  // MARK: Declarations

  /// Reads declarations up to the `}` that ends this body (left current) or the end of the file.
  private mutating func scanBody(depth: Int) -> [Declaration] {
    var found: [Declaration] = []
    while true {
      switch token.kind {
      case .end:
        if depth > 0 { isBroken = true }
        return found
      case .mark where token.mark == 0x7D:
        if depth > 0 { return found }
        isBroken = true  // one too many
        advance()
      case .mark where token.mark == 0x28 || token.mark == 0x5B:
        skipBrackets()
      case .mark where token.mark == 0x7B:
        skipBlock()
      case .directive:
        noteDirective()
        advance()
      case .name, .mark:
        if token.kind == .name || token.mark == 0x40 {
          scanDeclaration(into: &found, depth: depth)
        } else {
          advance()
        }
      default:
        advance()
      }
    }
  }

  private mutating func noteDirective() {
    let text = lexer.text(token.start, token.end)
    if text.hasPrefix("#if") { conditions += 1 }
    if text.hasPrefix("#endif") { conditions -= 1 }
  }

  /// Attributes and modifiers, then the declaration; a statement loses one token.
  private mutating func scanDeclaration(into found: inout [Declaration], depth: Int) {
    var declaration = Declaration(kind: .class, name: "", offset: token.start)
    declaration.isConditional = conditions > 0
    declaration.isLocal = token.startsLine && hasLocalMark(above: token.start)
    while isMark(0x40) {  // @
      advance()
      declaration.attributes.append(scanAttribute())
    }
    var setterIsHidden = false
    while true {
      let current = keyword
      switch current {
      case .public, .open, .package, .fileprivate, .private, .internal:
        advance()
        if isMark(0x28) {  // private(set)
          if current == .private || current == .fileprivate { setterIsHidden = true }
          skipBrackets()
        } else {
          declaration.access = current.access
        }
      case .static:
        declaration.isStatic = true
        advance()
      case .override:
        declaration.isOverride = true
        advance()
      case .mutating:
        declaration.isMutating = true
        advance()
      case .modifier:
        advance()
        if isMark(0x28) { skipBrackets() }
      case .class:
        // `class func`, or a class.
        advance()
        switch keyword {
        case .func, .var, .let, .override, .modifier, .public, .internal, .private, .fileprivate:
          declaration.isStatic = true
        default:
          return scanType(.class, declaration, into: &found, depth: depth)
        }
      case .struct: return scanTypeKeyword(.struct, declaration, into: &found, depth: depth)
      case .enum: return scanTypeKeyword(.enum, declaration, into: &found, depth: depth)
      case .actor: return scanTypeKeyword(.actor, declaration, into: &found, depth: depth)
      case .protocol: return scanTypeKeyword(.protocol, declaration, into: &found, depth: depth)
      case .extension: return scanTypeKeyword(.extension, declaration, into: &found, depth: depth)
      case .func:
        advance()
        return scanFunction(declaration, into: &found)
      case .var, .let:
        advance()
        declaration.isSettable = current == .var && !setterIsHidden
        return scanProperties(declaration, into: &found)
      case .import:
        // `import struct Module.Name` declares nothing.
        repeat { advance() } while token.kind != .end && !token.startsLine && !isMark(0x3B)
        return
      case .none, .other:
        advance()
        return
      }
    }
  }

  /// Behind `@`: the name, and its arguments when they follow at once.
  mutating func scanAttribute() -> String {
    var name = word
    var end = token.end
    advance()
    while isMark(0x2E) {  // @Module.Name
      advance()
      name += "." + word
      end = token.end
      advance()
    }
    if isMark(0x28), token.start == end { skipBrackets() }
    return name
  }

  private mutating func scanTypeKeyword(
    _ kind: Declaration.Kind, _ start: Declaration, into found: inout [Declaration], depth: Int
  ) {
    advance()
    scanType(kind, start, into: &found, depth: depth)
  }

  /// Behind `class`, `struct`, … : name, inheritance clause, members.
  private mutating func scanType(
    _ kind: Declaration.Kind, _ start: Declaration, into found: inout [Declaration], depth: Int
  ) {
    guard token.kind == .name else { return }
    var declaration = start
    declaration.kind = kind
    declaration.isMutating = false
    declaration.offset = token.start
    if kind == .extension {
      declaration.name = scanTypeReference()
    } else {
      declaration.name = word
      advance()
      if isMark(0x3C) {
        declaration.isGeneric = true
        skipAngles()
      }
    }
    if isMark(0x3A) {  // :
      repeat {
        advance()
        declaration.inherited.append(scanTypeReference())
      } while isMark(0x2C)
    }
    if keyword == .other, word == "where" {
      declaration.isGeneric = true
      while token.kind != .end, !isMark(0x7B) { advance() }
    }
    guard isMark(0x7B) else {
      isBroken = true
      return
    }
    if depth >= Self.maximumDepth {
      skipBlock()
    } else {
      advance()
      declaration.members = scanBody(depth: depth + 1)
      if isMark(0x7D) { advance() }
    }
    found.append(declaration)
  }

  /// Behind `func`.
  private mutating func scanFunction(_ start: Declaration, into found: inout [Declaration]) {
    var declaration = start
    declaration.kind = .function
    declaration.offset = token.start
    if token.kind == .name {
      declaration.name = word
      advance()
    } else {
      // An operator: nothing here exports one.
      while token.kind == .mark, token.mark != 0x28, token.mark != 0x7B { advance() }
    }
    if isMark(0x3C) {
      declaration.isGeneric = true
      skipAngles()
    }
    guard isMark(0x28) else {
      isBroken = true
      return
    }
    declaration.parameters = scanParameters()
    scanEffects(of: &declaration)
    if token.kind == .arrow {
      advance()
      declaration.type = scanTypeReference()
      if declaration.type == "Void" || declaration.type == "()" { declaration.type = nil }
    }
    if keyword == .other, word == "where" {
      declaration.isGeneric = true
      while token.kind != .end, !isMark(0x7B), !isMark(0x7D) { advance() }
    }
    if isMark(0x7B) { skipBlock() }
    if !declaration.name.isEmpty { found.append(declaration) }
  }

  /// `async`, `throws`, `throws(E)`, `rethrows`.
  mutating func scanEffects(of declaration: inout Declaration) {
    while keyword == .other {
      switch word {
      case "async", "reasync": declaration.isAsync = true
      case "throws", "rethrows": declaration.isThrowing = true
      default: return
      }
      advance()
      if isMark(0x28) { skipBrackets() }
    }
  }

  /// At `(`.
  private mutating func scanParameters() -> [Parameter] {
    var parameters: [Parameter] = []
    advance()
    while !isMark(0x29) {
      while isMark(0x40) {  // @
        advance()
        _ = scanAttribute()
      }
      guard token.kind == .name else {
        isBroken = true
        skipToParameterEnd()
        break
      }
      let first = word
      advance()
      var name = first
      if token.kind == .name {
        name = word
        advance()
      }
      guard isMark(0x3A) else {
        isBroken = true
        skipToParameterEnd()
        break
      }
      advance()
      var parameter = Parameter(
        label: first == "_" ? nil : first, name: name, type: scanTypeReference(), hasDefault: false)
      if isMark(0x3D) {
        parameter.hasDefault = true
        while token.kind != .end, !isMark(0x29) {
          if isMark(0x28) || isMark(0x5B) || isMark(0x7B) {
            skipBrackets()
          } else {
            let isComma = isMark(0x2C)
            let (savedLexer, savedToken) = (lexer, token)
            advance()
            if isComma, beginsListed(.function) || isMark(0x29) {
              (lexer, token) = (savedLexer, savedToken)
              break
            }
          }
        }
      }
      parameters.append(parameter)
      guard isMark(0x2C) else { break }
      advance()
    }
    if isMark(0x29) { advance() } else { isBroken = true }
    return parameters
  }

  private mutating func skipToParameterEnd() {
    while token.kind != .end, !isMark(0x29), !isMark(0x7B), !isMark(0x7D) {
      if isMark(0x28) || isMark(0x5B) { skipBrackets() } else { advance() }
    }
  }

  /// `// egg: local` alone on the line above the one that holds `offset`.
  private func hasLocalMark(above offset: Int) -> Bool {
    var end = offset
    while end > 0, lexer.bytes[end - 1] != 0x0A { end -= 1 }
    guard end > 1 else { return false }
    var start = end - 1
    while start > 0, lexer.bytes[start - 1] != 0x0A { start -= 1 }
    while start < end, lexer.bytes[start] == 0x20 || lexer.bytes[start] == 0x09 { start += 1 }
    guard end - start >= 10, lexer.bytes[start] == 0x2F, lexer.bytes[start + 1] == 0x2F else {
      return false
    }
    start += 2
    while start < end, lexer.bytes[start] == 0x20 || lexer.bytes[start] == 0x09 { start += 1 }
    // Most lines are no mark: a look at one byte is cheaper than text.
    guard lexer.bytes[start] == 0x65 else { return false }
    var line = lexer.text(start, end)
    line.removeAll { $0 == " " || $0 == "\t" || $0.isNewline }
    return line == "egg:local"
  }
}
