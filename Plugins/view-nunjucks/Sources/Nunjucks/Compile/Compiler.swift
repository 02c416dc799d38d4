// Longer than usual: one function for each kind of statement, which share the compile-time scopes.

/// Turns the statements of one template into nodes. Expressions are in `Compiler+Expressions.swift`.
final class Compiler {
  let template: Template
  let environment: Environment
  let options: TemplateOptions
  var nodes: [Node] = []
  var lists: [Int32] = []
  var constants: [Value] = []
  var data: [UInt8] = []
  private var texts: [[UInt8]: Int32] = [:]  // by bytes: Swift strings compare canonically
  private var filterNumbers: [String: Int32] = [:]
  private var testNumbers: [String: Int32] = [:]

  var scope = LexicalScope(nil)
  private var extent = Extent(nil)
  var function: Function
  /// Loops of the current function whose `loop` can be read from slots, innermost last.
  var loops: [(slot: Int32, isDirect: Bool)] = []
  private var inBlock = false
  private var inCaseBody = false
  /// Whether plain tags around asynchronous ones become asynchronous here.
  private var isConverted = true
  private let asyncSearch: AsyncSearch

  init(_ template: Template, _ environment: Environment, hasAsyncTags: Bool) {
    asyncSearch = AsyncSearch(filters: environment.asyncFilters, hasTags: hasAsyncTags)
    self.template = template
    self.environment = environment
    options = environment.options
    function = Function(template, "root")
  }

  func compile(_ body: [Stmt]) throws(TemplateError) {
    var lift = SuperLift()
    lift.run(body)
    template.root = function
    function.body = try sequence(body)
    var seen: Set<String> = []
    for block in lift.blocks {
      if !seen.insert(block.name).inserted {
        throw TemplateError(
          "Block \"\(block.name)\" defined more than once.", at: block.offset)
      }
      let function = Function(template, block.name)
      template.blocks.append((symbol(block.name), function))
      try self.block(block, function)
    }
    finish()
  }

  private func finish() {
    template.nodes.deallocate()
    template.nodes = .allocate(capacity: max(nodes.count, 1))
    template.nodes.initialize(from: nodes, count: nodes.count)
    template.lists.deallocate()
    template.lists = .allocate(capacity: max(lists.count, 1))
    template.lists.initialize(from: lists, count: lists.count)
    template.constants.deallocate()
    template.constants = .allocate(capacity: max(constants.count, 1))
    template.constants.initialize(from: constants, count: constants.count)
    template.constantCount = constants.count
    template.data.deallocate()
    template.data = .allocate(capacity: max(data.count, 1))
    template.data.initialize(from: data, count: data.count)
    template.filterTable.deallocate()
    template.filterTable = .allocate(capacity: template.filters.count)
    template.filterTable.initialize(
      from: template.filters.map(\.body), count: template.filters.count)
    template.testTable.deallocate()
    template.testTable = .allocate(capacity: template.tests.count)
    template.testTable.initialize(from: template.tests, count: template.tests.count)
    template.nodeCount = nodes.count
    template.listCount = lists.count
    template.dataCount = data.count
    template.isComplete = true
    template.mayWait = template.filters.contains { $0.answersLater }
  }

  // MARK: Pieces

  func add(_ node: Node) -> Int32 {
    nodes.append(node)
    return Int32(nodes.count - 1)
  }

  func add(list: [Int32]) -> Int32 {
    lists.append(contentsOf: list)
    return Int32(lists.count - list.count)
  }

  func symbol(_ name: String) -> Int32 { environment.symbols.number(name) }

  func text(_ string: String) -> Int32 {
    let bytes = Array(string.utf8)
    if let known = texts[bytes] { return known }
    let owner = Text(utf8: bytes)
    template.texts.append(owner)
    constants.append(.view(owner.view))
    texts[bytes] = Int32(constants.count - 1)
    return Int32(constants.count - 1)
  }

  func constant(_ value: Value, _ offset: Int) -> Int32 {
    constants.append(value)
    return add(Node(op: .constant, a: Int32(constants.count - 1), offset: Int32(offset)))
  }

  func filterNumber(_ name: String) -> Int32? {
    if let known = filterNumbers[name] { return known }
    guard let entry = environment.filterEntry(name) else { return nil }
    template.filters.append(entry)
    filterNumbers[name] = Int32(template.filters.count - 1)
    return filterNumbers[name]
  }

  func testNumber(_ name: String) -> Int32? {
    if let known = testNumbers[name] { return known }
    guard let entry = environment.testEntry(name) else { return nil }
    template.tests.append(entry)
    testNumbers[name] = Int32(template.tests.count - 1)
    return testNumbers[name]
  }

  func newSlot() -> Int32 {
    function.slotCount += 1
    return Int32(function.slotCount - 1)
  }

  func bind(_ name: String, kind: LexicalScope.Kind = .value) -> Int32 {
    let slot = newSlot()
    scope.bind(name, .init(slot: slot, kind: kind, extent: extent))
    return slot
  }

  func isVisible(_ binding: LexicalScope.Binding) -> Bool { binding.extent.contains(extent) }

  /// The rest of the enclosing body runs in a function of its own; see ``Extent``.
  private func openExtent() { extent = Extent(extent) }

  private func withExtent<T>(
    _ inner: Extent? = nil, _ body: () throws(TemplateError) -> T
  ) throws(TemplateError) -> T {
    let outer = extent
    if let inner { extent = inner }
    defer { extent = outer }
    return try body()
  }

  var frameNeed: FrameNeed { FrameNeed(scope: scope, globals: environment.quietGlobals) }

  // MARK: Statements

  func sequence(_ body: [Stmt]) throws(TemplateError) -> Int32 {
    var list: [Int32] = []
    for statement in body {
      if let node = try compile(statement) {
        if nodes[Int(node)].op == .text, let last = list.last, nodes[Int(last)].op == .text,
          nodes[Int(last)].a + nodes[Int(last)].b == nodes[Int(node)].a
        {
          nodes[Int(last)].b += nodes[Int(node)].b
        } else {
          list.append(node)
        }
      }
    }
    return add(Node(op: .sequence, a: add(list: list), b: Int32(list.count)))
  }

  private func literal(_ bytes: some Collection<UInt8>) -> Int32? {
    if bytes.isEmpty { return nil }
    data.append(contentsOf: bytes)
    return add(Node(op: .text, a: Int32(data.count - bytes.count), b: Int32(bytes.count)))
  }

  private func compile(_ statement: Stmt) throws(TemplateError) -> Int32? {
    try checkStack()
    if inCaseBody {
      switch statement.kind {
      case .include, .importAll, .importNames, .block, .extends:
        throw crash("this tag cannot stand directly in a case of a switch", statement.offset)
      case .loop(let loop) where loop.mode != .plain || isConverted && asyncSearch.found(in: loop):
        throw crash("this tag cannot stand directly in a case of a switch", statement.offset)
      case .condition(let branches, let otherwise, let isAsync)
      where isAsync || isConverted && asyncSearch.found(in: branches, otherwise):
        throw crash("this tag cannot stand directly in a case of a switch", statement.offset)
      default: break
      }
    }
    let wasInCase = inCaseBody
    inCaseBody = false
    defer { inCaseBody = wasInCase }
    let offset = Int32(statement.offset)
    switch statement.kind {
    case .text(let text): return literal(text.utf8)
    case .output(let expression): return try output(expression, offset)
    case .condition(let branches, let otherwise, let isAsync):
      return try condition(branches, otherwise, isAsync, offset)
    case .loop(let loop): return try self.loop(loop, offset)
    case .set(let targets, let value):
      let value = try compile(value)
      return add(Node(op: .set, a: value, b: try self.targets(targets), offset: offset))
    case .setBlock(let targets, let body):
      let list = try self.targets(targets)
      let body = try unconverted { () throws(TemplateError) in try captured(body) }
      return add(Node(op: .setBlock, a: body, b: list, offset: offset))
    case .macro(let macro): return try self.macro(macro, offset)
    case .block(let block):
      openExtent()
      return add(
        Node(
          op: .block, flag: inBlock ? 1 : 0, a: symbol(block.name), b: text(block.name),
          offset: offset))
    case .extends(let name):
      let node = add(Node(op: .extends, a: try compile(name), offset: offset))
      openExtent()
      return node
    case .include(let name, let ignoreMissing):
      let node = add(
        Node(op: .include, flag: ignoreMissing ? 1 : 0, a: try compile(name), offset: offset))
      openExtent()
      return node
    case .importAll(let name, let target, let withContext):
      guard let word = target.symbolName else {
        throw crash("import … as needs a name", statement.offset)
      }
      let expression = try compile(name)
      openExtent()
      let slot = bind(word, kind: .module)
      return add(
        Node(
          op: .importAll, flag: (withContext ? 1 : 0) | (scope.parent == nil ? 0 : 2),
          a: expression, b: slot, c: symbol(word), offset: offset))
    case .importNames(let name, let names, let withContext):
      let expression = try compile(name)
      openExtent()
      var list = [Int32(names.count)]
      for (name, alias) in names {
        let word = name.symbolName ?? ""
        let target = alias?.symbolName ?? word
        list += [text(word), symbol(word), bind(target, kind: .macro), symbol(target)]
      }
      return add(
        Node(
          op: .importNames, flag: (withContext ? 1 : 0) | (scope.parent == nil ? 0 : 2),
          a: expression, b: add(list: list), offset: offset))
    case .choose(let subject, let cases, let otherwise):
      let subject = try compile(subject)
      var list = [Int32(cases.count)]
      for (value, body) in cases {
        list.append(try compile(value))
        list.append(try unconverted { () throws(TemplateError) in try caseBody(body) })
        list.append(body.isEmpty ? 0 : 1)
      }
      list.append(try otherwise.map(caseBody) ?? -1)
      return add(Node(op: .choose, a: subject, b: add(list: list), offset: offset))
    case .custom(let use):
      var list: [Int32] = [Int32(use.arguments.count)]
      for argument in use.arguments { list.append(try compile(argument)) }
      list.append(Int32(use.bodies.count))
      for body in use.bodies {
        list.append(
          try withExtent(Extent(extent)) { () throws(TemplateError) in try sequence(body.body) })
      }
      template.customs.append(use)
      return add(
        Node(
          op: .custom, a: Int32(template.customs.count - 1), b: add(list: list), offset: offset))
    }
  }

  /// Compiles what the original's conversion to asynchronous tags does not reach.
  private func unconverted(
    _ body: () throws(TemplateError) -> Int32
  ) throws(TemplateError) -> Int32 {
    let outer = isConverted
    isConverted = false
    defer { isConverted = outer }
    return try body()
  }

  private func caseBody(_ body: [Stmt]) throws(TemplateError) -> Int32 {
    inCaseBody = true
    defer { inCaseBody = false }
    return try withExtent { () throws(TemplateError) in try sequence(body) }
  }

  func captured(_ body: [Stmt]) throws(TemplateError) -> Int32 {
    try withExtent(Extent(extent)) { () throws(TemplateError) in try sequence(body) }
  }

  func crash(_ message: String, _ offset: Int) -> TemplateError {
    TemplateError(message, kind: .syntax, at: offset)
  }

  private func output(_ expression: Expr, _ offset: Int32) throws(TemplateError) -> Int32? {
    let value = try compile(expression)
    if nodes[Int(value)].op == .constant {
      let value = constants[Int(nodes[Int(value)].a)]
      var buffer = OutputBuffer()
      defer { buffer.deallocate() }
      switch value {
      case .view(let view):
        if options.autoescape {
          buffer.appendEscaped(view, backslash: options.escapesBackslash)
        } else {
          buffer.append(view)
        }
        return literal(buffer.bytes)
      case .number(let number):
        buffer.append(number: number)
        return literal(buffer.bytes)
      default: break
      }
    }
    return add(Node(op: .output, a: value, offset: offset))
  }

  private func condition(
    _ branches: [(cond: Expr, body: [Stmt])], _ otherwise: [Stmt]?, _ isAsync: Bool, _ offset: Int32
  ) throws(TemplateError) -> Int32 {
    let lateness = isAsync || isConverted && asyncSearch.found(in: branches, otherwise)
    let built = try withExtent(lateness ? Extent(extent) : nil) {
      () throws(TemplateError) -> Int32 in
      var made: [(Int32, Int32)] = []
      for branch in branches {
        let cond = try compile(branch.cond)
        let body = try withExtent { () throws(TemplateError) in try sequence(branch.body) }
        made.append((cond, body))
      }
      var last: Int32 = -1
      if let otherwise {
        last = try withExtent { () throws(TemplateError) in try sequence(otherwise) }
      }
      var list = [Int32(made.count)]
      for (cond, body) in made { list += [cond, body] }
      list.append(last)
      return add(Node(op: .condition, a: add(list: list), offset: offset))
    }
    if lateness { openExtent() }
    return built
  }

  /// List: count, slots and symbols of the names, slot of index and length, frame flag, bodies.
  private func loop(_ loop: Loop, _ offset: Int32) throws(TemplateError) -> Int32 {
    let isAsync = loop.mode != .plain || isConverted && asyncSearch.found(in: loop)
    let outer = scope
    scope = LexicalScope(scope)
    defer { scope = outer }
    let sequenceNode = try compile(loop.sequence)
    let node = try withExtent(isAsync ? Extent(extent) : nil) { () throws(TemplateError) -> Int32 in
      var list = [Int32(loop.names.count)]
      for name in loop.names {
        let word = name.symbolName ?? ""
        list += [bind(word), symbol(word)]
      }
      let index = newSlot()
      _ = newSlot()
      let names = loop.names.compactMap(\.symbolName)
      let isDirect = !names.contains("loop") && !loop.body.touchesLoop
      let needsFrame =
        isAsync || !isDirect || frameNeed.inBody(loop.body)
        || frameNeed.inBody(loop.otherwise ?? [])
      loops.append((index, isDirect))
      let body = try withExtent { () throws(TemplateError) in try sequence(loop.body) }
      loops.removeLast()
      var otherwise: Int32 = -1
      if let statements = loop.otherwise {
        loops.append((index, false))
        otherwise = try withExtent { () throws(TemplateError) in try sequence(statements) }
        loops.removeLast()
      }
      list += [index, needsFrame || otherwiseNeedsFrame(loop) ? 1 : 0, body, otherwise]
      return add(
        Node(
          op: isAsync ? .asyncLoop : .loop, a: sequenceNode, b: add(list: list), offset: offset))
    }
    if isAsync { openExtent() }
    return node
  }

  /// In `else` the variable `loop` is whatever frames hold, so there must be frames around it.
  private func otherwiseNeedsFrame(_ loop: Loop) -> Bool { loop.otherwise?.mentionsLoop ?? false }

  private func targets(_ targets: [Expr]) throws(TemplateError) -> Int32 {
    var list = [Int32(targets.count)]
    for target in targets {
      let name: String
      switch target.kind {
      case .symbol(let word), .string(let word): name = word
      default: throw crash("set needs a name; members cannot be assigned", target.offset)
      }
      if name.isEmpty { throw crash("set needs a name", target.offset) }
      var slot: Int32 = -1
      if let binding = scope.find(name) { slot = binding.slot }
      list += [symbol(name), slot, name.utf8.first == UInt8(ascii: "_") ? 1 : 0]
    }
    return add(list: list)
  }

  private func block(_ block: BlockTag, _ function: Function) throws(TemplateError) {
    let outer = (scope, extent, self.function, inBlock, loops)
    scope = LexicalScope(nil)
    extent = Extent(nil)
    self.function = function
    inBlock = true
    loops = []
    var start: Int32?
    if let name = block.superName {
      openExtent()
      let slot = bind(name)
      start = add(
        Node(
          op: .superStart, a: symbol(block.name), b: slot, c: text(block.name),
          offset: Int32(block.superOffset)))
    }
    var body = try sequence(block.body)
    if let start {
      body = add(Node(op: .sequence, a: add(list: [start, body]), b: 2))
    }
    function.body = body
    (scope, extent, self.function, inBlock, loops) = outer
  }

  // MARK: Macros and call bodies

  private func macro(_ macro: Callable, _ offset: Int32) throws(TemplateError) -> Int32 {
    let name: String
    switch macro.name.kind {
    case .symbol(let word), .string(let word): name = word
    default: throw crash("a macro needs a name", Int(offset))
    }
    let made = Function(template, name)
    let outer = (scope, extent, function, loops)
    scope = LexicalScope(nil)
    extent = Extent(extent)
    function = made
    loops = []
    try callable(macro, made)
    made.needsFrame =
      made.keywordCount > 0 || frameNeed.inBody(macro.body) || macro.body.mentions("caller")
      || macro.body.mentionsLoop
    (scope, extent, function, loops) = outer
    template.functions.append(made)
    let slot = bind(name, kind: .macro)
    return add(
      Node(
        op: .macro,
        flag: (scope.parent == nil ? 0 : 1) | (name.utf8.first == UInt8(ascii: "_") ? 2 : 0),
        a: Int32(template.functions.count - 1), b: slot, c: symbol(name), offset: offset))
  }

  func caller(_ caller: Callable, _ offset: Int) throws(TemplateError) -> Int32 {
    let made = Function(template, "caller")
    let outer = (scope, extent, loops)
    scope = LexicalScope(scope)
    extent = Extent(extent)
    loops = loops.map { ($0.slot, false) }
    let start = function.slotCount
    try callable(caller, made)
    made.ownSlots = start..<function.slotCount
    made.needsFrame =
      made.keywordCount > 0 || frameNeed.inBody(caller.body) || caller.body.mentions("caller")
    (scope, extent, loops) = outer
    template.functions.append(made)
    return add(
      Node(op: .caller, a: Int32(template.functions.count - 1), offset: Int32(offset)))
  }

  private func callable(_ callable: Callable, _ made: Function) throws(TemplateError) {
    var parameters: [Function.Parameter] = []
    var keywords: [Function.Keyword] = []
    for (index, parameter) in callable.parameters.enumerated() {
      let isLast = index == callable.parameters.count - 1
      switch parameter.kind {
      case .symbol(let name):
        parameters.append(
          .init(symbol: symbol(name), name: shared(name), slot: bind(name)))
      case .keywords(let pairs) where isLast: keywords = try self.keywords(pairs)
      case .dict(let pairs) where isLast: keywords = try self.keywords(pairs)
      default:
        let type = Compiler.typeName(parameter)
        throw TemplateError(
          "assertType: invalid type: \(type)", kind: .syntax, at: parameter.start)
      }
    }
    made.take(parameters, keywords)
    made.body = try sequence(callable.body)
  }

  /// A constant text that lives as long as the template.
  private func shared(_ name: String) -> TextView {
    constants[Int(text(name))].textView ?? TextView("")
  }

  private func keywords(_ pairs: [Pair]) throws(TemplateError) -> [Function.Keyword] {
    var keywords: [Function.Keyword] = []
    for pair in pairs {
      let name: String
      switch pair.key.kind {
      case .symbol(let word), .string(let word): name = word
      // The original takes what the key has as its value, and most have none.
      default: name = "undefined"
      }
      keywords.append(
        .init(symbol: symbol(name), name: shared(name), value: try compile(pair.value)))
    }
    return keywords
  }

  func pairError(_ key: Expr) -> TemplateError {
    TemplateError(
      "compilePair: Dict keys must be strings or names", kind: .syntax, at: key.start)
  }

  static func typeName(_ expression: Expr) -> String {
    switch expression.kind {
    case .null, .bool, .number, .string, .regex: "Literal"
    case .symbol: "Symbol"
    case .group: "Group"
    case .array: "Array"
    case .dict: "Dict"
    case .keywords: "KeywordArgs"
    case .call: "FunCall"
    case .lookup: "LookupVal"
    case .filter: "Filter"
    case .inlineIf: "InlineIf"
    case .contains: "In"
    case .test: "Is"
    case .not: "Not"
    case .compare: "Compare"
    case .sign(let negative, _): negative ? "Neg" : "Pos"
    case .caller: "Caller"
    case .capture: "Capture"
    case .slice: "Slice"
    case .broken: "null"
    case .binary(let op, _, _):
      switch op {
      case .or: "Or"
      case .and: "And"
      case .concat: "Concat"
      case .add: "Add"
      case .subtract: "Sub"
      case .multiply: "Mul"
      case .divide: "Div"
      case .floorDivide: "FloorDiv"
      case .modulo: "Mod"
      case .power: "Pow"
      }
    }
  }
}

extension Compiler {
  /// The body of a filter block: text, as the input of the filter.
  func capture(_ body: [Stmt], _ offset: Int32) throws(TemplateError) -> Int32 {
    let body = try captured(body)
    return add(Node(op: .capture, a: body, offset: offset))
  }
}
