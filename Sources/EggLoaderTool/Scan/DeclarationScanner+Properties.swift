/// Properties, their accessors, and where an initial value ends.
extension DeclarationScanner {
  /// Behind `var` or `let`: one property, or several with commas.
  mutating func scanProperties(
    _ start: Declaration, into found: inout [Declaration]
  ) {
    while true {
      var declaration = start
      declaration.kind = .property
      declaration.offset = token.start
      if isMark(0x28) {  // let (a, b) = …
        skipBrackets()
      } else if token.kind == .name {
        declaration.name = word
        advance()
      } else {
        return
      }
      if isMark(0x3A) {
        advance()
        declaration.type = scanTypeReference()
      }
      if isMark(0x3D) {
        advance()
        skipExpression()
      } else if isMark(0x7B) {
        scanAccessors(of: &declaration)
      }
      if !declaration.name.isEmpty { found.append(declaration) }
      var isListed = false
      while isMark(0x2C), !isListed {
        advance()
        isListed = beginsListed(.property) || isMark(0x28)
        if !isListed { skipExpression() }  // the comma of `Pair<A, B>()`
      }
      if !isListed { return }
    }
  }

  /// Whether the tokens at hand begin another property or parameter of a list, and not the rest of
  /// an expression with a comma in it.
  mutating func beginsListed(_ kind: Declaration.Kind) -> Bool {
    if isMark(0x40) { return true }
    guard token.kind == .name else { return false }
    let (savedLexer, savedToken) = (lexer, token)
    advance()
    if kind == .function, token.kind == .name { advance() }
    let begins = isMark(0x3A) || (kind == .property && isMark(0x3D))
    (lexer, token) = (savedLexer, savedToken)
    return begins
  }

  /// At the `{` of accessors, observers or a bare getter.
  private mutating func scanAccessors(of declaration: inout Declaration) {
    advance()
    while isMark(0x40) {
      advance()
      _ = scanAttribute()
    }
    var hasGetter = false
    var hasSetter = false
    scan: while token.kind == .name {
      switch word {
      case "get", "_read", "unsafeAddress":
        hasGetter = true
        advance()
        scanEffects(of: &declaration)
      case "set", "_modify", "unsafeMutableAddress":
        hasSetter = true
        advance()
        if isMark(0x28) { skipBrackets() }
      case "willSet", "didSet":
        // An observed, stored property: as settable as it was.
        advance()
        if isMark(0x28) { skipBrackets() }
        hasGetter = true
        hasSetter = true
      case "mutating", "nonmutating", "nonisolated":
        advance()
        continue
      default:
        break scan
      }
      if isMark(0x7B) { skipBlock() }
    }
    if !hasSetter || !hasGetter { declaration.isSettable = false }
    // The rest of the block; `advance` above went past its `{`.
    if isMark(0x7D) {
      advance()
    } else {
      if token.kind == .end {
        isBroken = true
        return
      }
      lexer.rewind(to: token)
      skipBlock()
    }
  }

  /// Skips an initial value: up to a comma of the list, a `;`, the end of the body, or a line that
  /// begins like a declaration.
  private mutating func skipExpression() {
    var isFirst = true
    while token.kind != .end {
      if !isFirst, token.startsLine, beginsDeclaration { return }
      isFirst = false
      switch token.kind {
      case .mark:
        switch token.mark {
        case 0x28, 0x5B, 0x7B: skipBrackets()
        case 0x2C, 0x3B, 0x7D, 0x29, 0x5D: return
        default: advance()
        }
      default: advance()
      }
    }
  }

  private var beginsDeclaration: Bool {
    if isMark(0x40) || token.kind == .directive { return true }
    switch keyword {
    case .none: return false
    case .other:
      switch word {
      case "init", "deinit", "subscript", "typealias", "case", "associatedtype", "operator",
        "precedencegroup", "required", "convenience", "macro":
        return true
      default: return false
      }
    default: return true
    }
  }
}
