/// Reads tokens into statements. Expressions are in `Parser+Expressions.swift`.
///
/// The grammar is that of Nunjucks 3.2, oddities included: closing brackets are not matched by
/// kind, comparison operators are recognised by their text alone, and the place of a message is
/// often that of the token after the offending one.
struct Parser {
  var lexer: Lexer
  private var peeked: Token?
  private var isPeeked = false
  private var breakWords: Set<String> = []
  private var dropsWhitespace = false
  private(set) var nesting = 0
  /// Of the thread it runs on.
  var stack = StackRoom()
  let options: TemplateOptions
  let customTags: [String: CustomTag]
  /// Whether the source has `asyncEach`, `asyncAll` or `ifAsync`.
  private(set) var hasAsyncTags = false

  static let deepest = 120

  init(_ source: [UInt8], _ options: TemplateOptions, customTags: [String: CustomTag] = [:]) {
    lexer = Lexer(source, options)
    self.options = options
    self.customTags = customTags
  }

  /// The whole template.
  mutating func parse() throws(TemplateError) -> [Stmt] { try nodes() }

  // MARK: Tokens

  mutating func next() throws(TemplateError) -> Token? {
    if isPeeked {
      isPeeked = false
      if peeked?.kind != .whitespace { return peeked }
    }
    while let token = try lexer.next() {
      if token.kind != .whitespace { return token }
    }
    return nil
  }

  mutating func peek() throws(TemplateError) -> Token? {
    if !isPeeked || peeked == nil {
      peeked = try next()
      isPeeked = true
    }
    return peeked
  }

  mutating func push(_ token: Token?) throws(TemplateError) {
    if isPeeked, peeked != nil {
      throw TemplateError(
        "pushToken: can only push one token on between reads", at: token?.offset ?? -1)
    }
    peeked = token
    isPeeked = true
  }

  /// What must be remembered to read the same text again in another way.
  var state: ((Int, Bool), Token?, Bool) {
    get { (lexer.state, peeked, isPeeked) }
    set { (lexer.state, peeked, isPeeked) = newValue }
  }

  mutating func failure(_ message: String) -> TemplateError {
    do {
      return TemplateError(message, kind: .syntax, at: try peek()?.offset ?? -1)
    } catch { return error }
  }

  func failure(_ message: String, at token: Token) -> TemplateError {
    TemplateError(message, kind: .syntax, at: token.offset)
  }

  /// What the original reports as an error of the JavaScript engine.
  func crash(_ message: String, at token: Token? = nil) -> TemplateError {
    TemplateError(message, kind: .syntax, at: token?.offset ?? -1)
  }

  mutating func skip(_ kind: Token.Kind) throws(TemplateError) -> Bool {
    if try peek()?.kind == kind {
      _ = try next()
      return true
    }
    return false
  }

  mutating func skip(_ kind: Token.Kind, _ value: String) throws(TemplateError) -> Bool {
    if let token = try peek(), token.kind == kind, token.value == value {
      _ = try next()
      return true
    }
    return false
  }

  mutating func skipSymbol(_ word: String) throws(TemplateError) -> Bool {
    try skip(.symbol, word)
  }

  mutating func expectSymbol() throws(TemplateError) -> Token {
    guard let token = try next() else { throw crash("expected symbol, got end of file") }
    if token.kind != .symbol {
      throw failure("expected symbol, got \(token.kind.rawValue)", at: token)
    }
    return token
  }

  mutating func deeper() throws(TemplateError) {
    nesting += 1
    if nesting > Parser.deepest {
      throw failure("nested more than \(Parser.deepest) levels deep")
    }
    if stack.isUsedUp { throw failure("nested too deep for the stack") }
  }

  mutating func shallower() { nesting -= 1 }

  /// Refuses trees that could not be walked on a small stack.
  mutating func checked(_ node: Expr) throws(TemplateError) -> Expr {
    if node.depth > 200 { throw failure("an expression has too many parts; split it with set") }
    return node
  }

  // MARK: Statements

  private mutating func nodes() throws(TemplateError) -> [Stmt] {
    var result: [Stmt] = []
    while let token = try next() {
      switch token.kind {
      case .data:
        var text = token.value
        if dropsWhitespace {
          text = trim(text, left: true)
          dropsWhitespace = false
        }
        if let following = try peek(), trimsBefore(following) { text = trim(text, left: false) }
        result.append(Stmt(kind: .text(text), offset: token.offset))
      case .blockStart:
        dropsWhitespace = false
        guard let statement = try statement() else { return result }
        result.append(statement)
      case .variableStart:
        let expression = try expression()
        dropsWhitespace = false
        guard let end = try peek(), end.kind == .variableEnd else {
          throw failure("expected variable end")
        }
        _ = try next()
        dropsWhitespace = end.hasDash
        result.append(Stmt(kind: .output(expression), offset: token.offset))
      case .comment:
        let inner = token.value.utf8.dropLast(options.tags.commentEnd.utf8.count)
        dropsWhitespace = inner.last == UInt8(ascii: "-")
      default:
        throw failure("Unexpected token at top-level: \(token.kind.rawValue)", at: token)
      }
    }
    return result
  }

  private func trimsBefore(_ token: Token) -> Bool {
    switch token.kind {
    case .blockStart, .variableStart: token.hasDash
    case .comment:
      token.value.utf8.dropFirst(options.tags.commentStart.utf8.count).first
        == UInt8(ascii: "-")
    default: false
    }
  }

  private func trim(_ text: String, left: Bool) -> String {
    var text = text
    return text.withUTF8 {
      TextView($0.baseAddress ?? emptyBytes, count: $0.count)
        .trimmed(left: left, right: !left).string
    }
  }

  private mutating func until(_ words: String...) throws(TemplateError) -> [Stmt] {
    let outer = breakWords
    breakWords = Set(words)
    try deeper()
    let body = try nodes()
    shallower()
    breakWords = outer
    return body
  }

  private mutating func blockEnd(_ name: String? = nil) throws(TemplateError) {
    var name = name
    if name == nil {
      guard let token = try peek() else { throw failure("unexpected end of file") }
      name = token.value
      _ = try next()
    }
    guard let token = try next(), token.kind == .blockEnd else {
      throw failure("expected block end in \(name ?? "") statement")
    }
    if token.hasDash { dropsWhitespace = true }
  }

  private mutating func statement() throws(TemplateError) -> Stmt? {
    guard let tag = try peek(), tag.kind == .symbol else {
      guard let token = try peek() else { throw failure("tag name expected") }
      throw failure("tag name expected", at: token)
    }
    if breakWords.contains(tag.value) { return nil }
    if let custom = customTags[tag.value] { return try customTag(custom, tag) }
    let kind: Stmt.Kind
    switch tag.value {
    case "raw", "verbatim": kind = try raw(tag)
    case "if", "ifAsync": kind = try condition()
    case "for", "asyncEach", "asyncAll": kind = try loop(tag)
    case "block": kind = try block(tag)
    case "extends":
      _ = try next()
      let parent = try expression()
      try blockEnd(tag.value)
      kind = .extends(parent)
    case "include":
      _ = try next()
      let name = try expression()
      var ignoreMissing = false
      if try skipSymbol("ignore") { ignoreMissing = try skipSymbol("missing") }
      try blockEnd(tag.value)
      kind = .include(name, ignoreMissing: ignoreMissing)
    case "set": kind = try set(tag)
    case "macro": kind = try macro(tag)
    case "call": kind = try call(tag)
    case "import": kind = try importAll(tag)
    case "from": kind = try importNames(tag)
    case "filter": kind = try filterBlock(tag)
    case "switch": kind = try choose(tag)
    default: throw failure("unknown block tag: \(tag.value)", at: tag)
    }
    return Stmt(kind: kind, offset: tag.offset)
  }

  private mutating func raw(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    try blockEnd(tag.value)
    return .text(lexer.raw(tag.value))
  }

  private mutating func condition() throws(TemplateError) -> Stmt.Kind {
    var branches: [(cond: Expr, body: [Stmt])] = []
    var isAsync = false
    while true {
      guard let tag = try next() else { throw failure("unexpected end of file") }
      if tag.value == "ifAsync" {
        isAsync = true
        hasAsyncTags = true
      }
      let cond = try expression()
      try blockEnd(tag.value)
      let body = try until("elseif", "elif", "else", "endif")
      branches.append((cond, body))
      switch try peek()?.value {
      case "elseif", "elif": continue
      case "else":
        try blockEnd()
        let otherwise = try until("endif")
        try blockEnd()
        return .condition(branches: branches, otherwise: otherwise, isAsync: isAsync)
      case "endif":
        try blockEnd()
        return .condition(branches: branches, otherwise: nil, isAsync: isAsync)
      default: throw failure("parseIf: expected elif, else, or endif, got end of file")
      }
    }
  }

  private mutating func loop(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    var names = [try primary()]
    guard names[0].symbolName != nil else {
      throw failure("parseFor: variable name expected for loop")
    }
    while try skip(.comma) { names.append(try primary()) }
    guard try skipSymbol("in") else {
      throw failure("parseFor: expected \"in\" keyword for loop", at: tag)
    }
    let sequence = try expression()
    try blockEnd(tag.value)
    if tag.value != "for" { hasAsyncTags = true }
    let endWord = tag.value == "for" ? "endfor" : tag.value == "asyncEach" ? "endeach" : "endall"
    let body = try until(endWord, "else")
    var otherwise: [Stmt]?
    if try skipSymbol("else") {
      try blockEnd("else")
      otherwise = try until(endWord)
    }
    try blockEnd()
    for name in names.dropFirst() where name.symbolName == nil {
      throw crash("loop variables must be names", at: tag)
    }
    return .loop(
      Loop(
        mode: tag.value == "for" ? .plain : tag.value == "asyncEach" ? .each : .all,
        names: names, sequence: sequence, body: body, otherwise: otherwise))
  }

  private mutating func block(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    guard let name = try primary().symbolName else {
      throw failure("parseBlock: variable name expected", at: tag)
    }
    try blockEnd(tag.value)
    let body = try until("endblock")
    _ = try skipSymbol("endblock")
    _ = try skipSymbol(name)
    guard let token = try peek() else {
      throw failure("parseBlock: expected endblock, got end of file")
    }
    try blockEnd(token.value)
    return .block(BlockTag(name: name, body: body, offset: tag.offset))
  }

  private mutating func set(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    var targets: [Expr] = []
    repeat { targets.append(try primary()) } while try skip(.comma)
    let kind: Stmt.Kind
    if try skip(.op, "=") {
      let value = try expression()
      try blockEnd(tag.value)
      kind = .set(targets: targets, value: value)
    } else if try skip(.blockEnd) {
      let body = try until("endset")
      try blockEnd()
      kind = .setBlock(targets: targets, body: body)
    } else {
      throw failure("parseSet: expected = or block end in set tag", at: tag)
    }
    return kind
  }

  private mutating func macro(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    let name = try primary(postfix: false)
    let parameters = try signature()
    try blockEnd(tag.value)
    let body = try until("endmacro")
    try blockEnd()
    return .macro(Callable(name: name, parameters: parameters ?? [], body: body))
  }

  private mutating func call(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    let parameters = try signature(tolerant: true) ?? []
    let target = try primary()
    try blockEnd(tag.value)
    let body = try until("endcall")
    try blockEnd()
    guard case .call(let callee, var arguments) = target.kind else {
      throw crash("a call block needs a call: {% call name() %}", at: tag)
    }
    let name = Expr(.symbol("caller"), tag.offset)
    let caller = Expr(
      .caller(Callable(name: name, parameters: parameters, body: body)), tag.offset)
    let pair = Pair(key: name, value: caller)
    if case .keywords(let pairs)? = arguments.last?.kind {
      arguments[arguments.count - 1] = Expr(.keywords(pairs + [pair]), tag.offset)
    } else {
      arguments.append(Expr(.keywords([pair]), tag.offset))
    }
    return .output(Expr(.call(callee, arguments), target.offset, list: [callee] + arguments))
  }

  private mutating func contextClause() throws(TemplateError) -> Bool? {
    let token = try peek()
    var result: Bool?
    if try skipSymbol("with") { result = true } else if try skipSymbol("without") { result = false }
    if result != nil, try !skipSymbol("context"), let token {
      throw failure("parseFrom: expected context after with/without", at: token)
    }
    return result
  }

  private mutating func importAll(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    let template = try expression()
    guard try skipSymbol("as") else {
      throw failure("parseImport: expected \"as\" keyword", at: tag)
    }
    let target = try expression()
    let withContext = try contextClause() ?? false
    try blockEnd(tag.value)
    return .importAll(template, target: target, withContext: withContext)
  }

  private mutating func importNames(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    let template = try expression()
    guard try skipSymbol("import") else {
      throw failure("parseFrom: expected import", at: tag)
    }
    var names: [(name: Expr, alias: Expr?)] = []
    var withContext = false
    while true {
      guard let token = try peek() else { throw crash("expected block end in from statement") }
      if token.kind == .blockEnd {
        if names.isEmpty {
          throw failure("parseFrom: Expected at least one import name", at: tag)
        }
        if token.hasDash { dropsWhitespace = true }
        _ = try next()
        break
      }
      if !names.isEmpty, try !skip(.comma) { throw failure("parseFrom: expected comma", at: tag) }
      let name = try primary()
      guard let word = name.symbolName else { throw crash("import names must be names", at: tag) }
      if word.utf8.first == UInt8(ascii: "_") {
        throw TemplateError(
          "parseFrom: names starting with an underscore cannot be imported", kind: .syntax,
          at: name.offset)
      }
      var alias: Expr?
      if try skipSymbol("as") {
        alias = try primary()
        if alias?.symbolName == nil { throw crash("import names must be names", at: tag) }
      }
      names.append((name, alias))
      withContext = try contextClause() ?? false
    }
    return .importNames(template, names: names, withContext: withContext)
  }

  private mutating func filterBlock(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    let (name, offset) = try filterName()
    let arguments = try filterArguments(name, offset)
    try blockEnd(tag.value)
    let body = try until("endfilter")
    try blockEnd()
    let input = Expr(.capture(body), offset)
    return .output(Expr(.filter(name, [input] + arguments), offset, list: [input] + arguments))
  }

  private mutating func choose(_ tag: Token) throws(TemplateError) -> Stmt.Kind {
    _ = try next()
    let subject = try expression()
    try blockEnd("switch")
    _ = try until("case", "default", "endswitch")
    var cases: [(value: Expr, body: [Stmt])] = []
    repeat {
      _ = try skipSymbol("case")
      let value = try expression()
      try blockEnd("switch")
      cases.append((value, try until("case", "default", "endswitch")))
    } while try peek()?.value == "case"
    switch try peek()?.value {
    case "default":
      try blockEnd()
      let otherwise = try until("endswitch")
      try blockEnd()
      return .choose(subject, cases: cases, otherwise: otherwise)
    case "endswitch":
      try blockEnd()
      return .choose(subject, cases: cases, otherwise: nil)
    default: throw crash("parseSwitch: expected case, default or endswitch", at: tag)
    }
  }

  private mutating func customTag(
    _ custom: CustomTag, _ tag: Token
  ) throws(TemplateError) -> Stmt {
    _ = try next()
    var arguments: [Expr] = []
    if try peek()?.kind != .blockEnd { arguments = try signature(bare: true) ?? [] }
    try blockEnd(tag.value)
    var bodies: [(name: String, body: [Stmt])] = []
    if let end = custom.endTag {
      let outer = breakWords
      var name = tag.value
      while true {
        breakWords = Set(custom.middleTags + [end])
        try deeper()
        let body = try nodes()
        shallower()
        bodies.append((name, body))
        guard let word = try peek()?.value else { throw failure("unexpected end of file") }
        try blockEnd()
        if word == end { break }
        name = word
      }
      breakWords = outer
    }
    return Stmt(
      kind: .custom(CustomTagUse(tag: custom, arguments: arguments, bodies: bodies)),
      offset: tag.offset)
  }
}
