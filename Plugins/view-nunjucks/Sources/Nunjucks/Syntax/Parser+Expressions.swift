/// Expressions, loosest operator first.
extension Parser {
  mutating func expression() throws(TemplateError) -> Expr {
    try deeper()
    defer { shallower() }
    let value = try or()
    guard try skipSymbol("if") else { return value }
    let cond = try or()
    let otherwise = try skipSymbol("else") ? try or() : nil
    return Expr(
      .inlineIf(cond: cond, then: value, otherwise: otherwise), value.offset, cond, value,
      otherwise)
  }

  private mutating func or() throws(TemplateError) -> Expr {
    var left = try and()
    while try skipSymbol("or") {
      let right = try and()
      left = try checked(Expr(.binary(.or, left, right), left.offset, left, right))
    }
    return left
  }

  private mutating func and() throws(TemplateError) -> Expr {
    var left = try not()
    while try skipSymbol("and") {
      let right = try not()
      left = try checked(Expr(.binary(.and, left, right), left.offset, left, right))
    }
    return left
  }

  private mutating func not() throws(TemplateError) -> Expr {
    guard let token = try peek(), token.kind == .symbol, token.value == "not" else {
      return try contains()
    }
    _ = try next()
    try deeper()
    defer { shallower() }
    let operand = try not()
    return Expr(.not(operand), token.offset, operand)
  }

  private mutating func contains() throws(TemplateError) -> Expr {
    var left = try test()
    while let token = try next() {
      let inverted = token.kind == .symbol && token.value == "not"
      if !inverted { try push(token) }
      if try skipSymbol("in") {
        let right = try test()
        left = try checked(Expr(.contains(left, right), left.offset, left, right))
        if inverted { left = Expr(.not(left), left.offset, left) }
      } else {
        if inverted { try push(token) }
        break
      }
    }
    return left
  }

  private mutating func test() throws(TemplateError) -> Expr {
    let left = try compare()
    guard let token = try peek(), token.kind == .symbol, token.value == "is" else { return left }
    _ = try next()
    let inverted = try skipSymbol("not")
    let right = try compare()
    let node = Expr(.test(left, right), token.offset, left, right)
    return inverted ? Expr(.not(node), token.offset, node) : node
  }

  private mutating func compare() throws(TemplateError) -> Expr {
    let left = try binary(1)
    var operands: [(op: String, right: Expr)] = []
    var offset = left.offset
    while let token = try peek() {
      switch token.value {
      case "==", "===", "!=", "!==", "<", ">", "<=", ">=":
        _ = try next()
        if operands.isEmpty { offset = token.offset }
        operands.append((token.value, try binary(1)))
        if operands.count > 100 { throw failure("too many comparisons in one expression") }
        continue
      default: break
      }
      break
    }
    if operands.isEmpty { return left }
    return Expr(.compare(left, operands), offset, list: [left] + operands.map(\.right))
  }

  private func level(_ token: Token) -> (Int, Expr.Operator)? {
    if token.kind == .tilde { return (1, .concat) }
    guard token.kind == .op else { return nil }
    switch token.value {
    case "+": return (2, .add)
    case "-": return (3, .subtract)
    case "*": return (4, .multiply)
    case "/": return (5, .divide)
    case "//": return (6, .floorDivide)
    case "%": return (7, .modulo)
    case "**": return (8, .power)
    default: return nil
    }
  }

  /// Every arithmetic operator has a level of its own here; the compiler restores JavaScript's.
  private mutating func binary(_ lowest: Int) throws(TemplateError) -> Expr {
    var left = try unary()
    while let token = try peek(), let (level, op) = level(token), level >= lowest {
      _ = try next()
      let right = try binary(level + 1)
      left = try checked(Expr(.binary(op, left, right), token.offset, left, right))
    }
    return left
  }

  private mutating func unary(filters: Bool = true) throws(TemplateError) -> Expr {
    var node: Expr
    if let token = try peek(), token.kind == .op, token.value == "-" || token.value == "+" {
      _ = try next()
      try deeper()
      let operand = try unary(filters: false)
      shallower()
      node = Expr(.sign(negative: token.value == "-", operand), token.offset, operand)
    } else {
      node = try primary()
    }
    if filters {
      while try skip(.pipe) {
        let (name, offset) = try filterName()
        let arguments = [node] + (try filterArguments(name, offset))
        node = try checked(Expr(.filter(name, arguments), offset, list: arguments))
      }
    }
    return node
  }

  mutating func filterName() throws(TemplateError) -> (String, Int) {
    let token = try expectSymbol()
    var name = token.value
    while try skip(.op, ".") { name += "." + (try expectSymbol()).value }
    return (name, token.offset)
  }

  mutating func filterArguments(
    _ name: String, _ offset: Int
  ) throws(TemplateError) -> [Expr] {
    guard let token = try peek() else { throw crash("expected arguments, got end of file") }
    guard token.kind == .leftParen else { return [] }
    guard case .call(_, let arguments) = try postfix(Expr(.symbol(name), offset)).kind else {
      throw crash("a member of a filter's result needs parentheses: (x|f(1)).y", at: token)
    }
    return arguments
  }

  mutating func primary(postfix hasPostfix: Bool = true) throws(TemplateError) -> Expr {
    guard let token = try next() else { throw failure("expected expression, got end of file") }
    let node: Expr
    switch token.kind {
    case .string: node = Expr(.string(token.value), token.offset)
    case .int, .float: node = Expr(.number(Double(token.value) ?? .nan), token.offset)
    case .boolean: node = Expr(.bool(token.value == "true"), token.offset)
    case .none: node = Expr(.null, token.offset)
    case .regex: node = Expr(.regex(token.value, token.flags), token.offset)
    case .symbol: node = Expr(.symbol(token.value), token.offset)
    case .leftParen, .leftBracket, .leftCurly: node = try aggregate(token)
    default:
      let failure = failure("unexpected token: \(token.value)", at: token)
      guard hasPostfix, try startsPostfix() else { throw failure }
      node = Expr(.broken(failure), token.offset)
    }
    return hasPostfix ? try postfix(node) : node
  }

  private mutating func startsPostfix() throws(TemplateError) -> Bool {
    guard let token = try peek() else { return false }
    return token.kind == .leftParen || token.kind == .leftBracket
      || token.kind == .op && token.value == "."
  }

  mutating func postfix(_ start: Expr) throws(TemplateError) -> Expr {
    var node = start
    while let token = try peek() {
      switch token.kind {
      case .leftParen:
        let arguments = try signature() ?? []
        node = Expr(.call(node, arguments), token.offset, list: [node] + arguments)
      case .leftBracket:
        _ = try next()
        let items = try indexItems(token)
        if items.count > 1 { throw failure("invalid index") }
        let missing = crash("an index is missing", at: token)
        let key = items.first ?? Expr(.broken(missing), token.offset)
        node = Expr(.lookup(node, key), token.offset, node, key)
      case .op where token.value == ".":
        _ = try next()
        guard let name = try next() else { throw crash("expected name as lookup value") }
        if name.kind != .symbol {
          let text = name.kind == .regex ? "[object Object]" : name.value
          throw failure("expected name as lookup value, got \(text)", at: name)
        }
        let key = Expr(.string(name.value), name.offset)
        node = Expr(.lookup(node, key), token.offset, node, key)
      default: return node
      }
      node = try checked(node)
    }
    return node
  }

  /// What stands between square brackets: a list, or in compatibility mode a slice.
  private mutating func indexItems(_ open: Token) throws(TemplateError) -> [Expr] {
    let before = state
    do {
      return try items(open)
    } catch {
      // A list that runs into the end of its tag is not read again.
      guard options.jinjaCompat, lexer.inCode else { throw error }
      state = before
      if let slice = try slice(open) { return [slice] }
      throw error
    }
  }

  private mutating func slice(_ open: Token) throws(TemplateError) -> Expr? {
    var fields: [Expr?] = [nil, nil, nil]
    var isSlice = false
    var index = 0
    while true {
      if try skip(.rightBracket) { break }
      if index == 3 {
        if isSlice { throw failure("parseSlice: too many slice components", at: open) }
        break
      }
      if try skip(.colon) {
        isSlice = true
      } else {
        fields[index] = try expression()
        if try skip(.colon) { isSlice = true }
      }
      index += 1
    }
    guard isSlice else { return nil }
    return Expr(
      .slice(fields[0], fields[1], fields[2]), open.offset, fields[0], fields[1], fields[2])
  }

  private mutating func aggregate(_ open: Token) throws(TemplateError) -> Expr {
    if open.kind == .leftCurly {
      var pairs: [Pair] = []
      while try !closes() {
        if !pairs.isEmpty, try !skip(.comma) {
          throw failure("parseAggregate: expected comma after expression", at: open)
        }
        try deeper()
        let key = try primary()
        shallower()
        if try !skip(.colon) {
          throw failure("parseAggregate: expected colon after dict key", at: open)
        }
        pairs.append(Pair(key: key, value: try expression()))
      }
      return Expr(.dict(pairs), open.offset, list: pairs.flatMap { [$0.key, $0.value] })
    }
    if open.kind == .leftParen {
      let items = try items(open)
      return Expr(.group(items), open.offset, list: items)
    }
    var items = try indexItems(open)
    // In compatibility mode a slice of nothing is a list of its three numbers.
    if case .slice(let start, let stop, let step)? = items.first?.kind {
      let null = Expr(.null, open.offset)
      items = [start ?? null, stop ?? null, step ?? Expr(.number(1), open.offset)]
    }
    return Expr(.array(items), open.offset, list: items)
  }

  private mutating func items(_ open: Token) throws(TemplateError) -> [Expr] {
    var items: [Expr] = []
    while try !closes() {
      if !items.isEmpty, try !skip(.comma) {
        throw failure("parseAggregate: expected comma after expression", at: open)
      }
      items.append(try expression())
    }
    return items
  }

  /// Skips a closing bracket of any kind.
  private mutating func closes() throws(TemplateError) -> Bool {
    guard let token = try peek() else { throw crash("expected a closing bracket") }
    switch token.kind {
    case .rightParen, .rightBracket, .rightCurly:
      _ = try next()
      return true
    default: return false
    }
  }

  /// Arguments or parameters; keyword ones are gathered into one `.keywords` node at the end.
  ///
  /// - Parameters:
  ///   - tolerant: nil instead of an error if there is no opening parenthesis.
  ///   - bare: the list runs to the end of the tag; an opening parenthesis is skipped and none closes it.
  mutating func signature(
    tolerant: Bool = false, bare: Bool = false
  ) throws(TemplateError) -> [Expr]? {
    guard let open = try peek() else { throw crash("expected arguments, got end of file") }
    if !bare {
      if open.kind != .leftParen {
        if tolerant { return nil }
        throw failure("expected arguments", at: open)
      }
    }
    if open.kind == .leftParen { _ = try next() }
    var arguments: [Expr] = []
    var pairs: [Pair] = []
    var needsComma = false
    while true {
      guard let token = try peek() else { throw crash("expected a closing bracket") }
      if !bare, token.kind == .rightParen {
        _ = try next()
        break
      }
      if bare, token.kind == .blockEnd { break }
      if needsComma, try !skip(.comma) {
        throw failure("parseSignature: expected comma after expression")
      }
      let argument = try expression()
      if try skip(.op, "=") {
        pairs.append(Pair(key: argument, value: try expression()))
      } else {
        arguments.append(argument)
      }
      needsComma = true
    }
    if !pairs.isEmpty {
      arguments.append(
        Expr(.keywords(pairs), open.offset, list: pairs.flatMap { [$0.key, $0.value] }))
    }
    return arguments
  }
}
