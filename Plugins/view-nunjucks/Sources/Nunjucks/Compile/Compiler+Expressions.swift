/// Expressions.
///
/// The original writes operators out without parentheses and lets JavaScript group them, so
/// `not a == b` is `(not a) == b`. Here a run of such operators is first laid out flat and then
/// grouped by JavaScript's precedence.
extension Compiler {
  private enum Piece {
    case leaf(Int32)
    case prefix(Op, Int)
    case infix(Op, Int)
  }

  func checkStack() throws(TemplateError) {
    if environment.stack.isUsedUp {
      throw TemplateError("nested too deep for the stack", kind: .syntax)
    }
  }

  func compile(_ expression: Expr) throws(TemplateError) -> Int32 {
    try checkStack()
    var pieces: [Piece] = []
    try flatten(expression, &pieces)
    if pieces.count == 1, case .leaf(let node) = pieces[0] { return node }
    var position = 0
    return try regroup(pieces, &position, 0)
  }

  // MARK: Flat operators

  private func flatten(_ expression: Expr, _ pieces: inout [Piece]) throws(TemplateError) {
    let offset = expression.offset
    switch expression.kind {
    case .binary(let op, let left, let right):
      guard let flat = Compiler.flatOperator(op) else {
        pieces.append(.leaf(try leaf(expression)))
        return
      }
      try flatten(left, &pieces)
      pieces.append(.infix(flat, offset))
      if case .concat = op {
        pieces.append(.leaf(constant(.view(TextView("")), offset)))
        pieces.append(.infix(.add, offset))
      }
      try flatten(right, &pieces)
    case .not(let operand):
      pieces.append(.prefix(.not, offset))
      try flatten(operand, &pieces)
    case .sign(let negative, let operand):
      let op: Op = negative ? .negative : .positive
      if case .prefix(let last, _)? = pieces.last, last == op {
        throw crash("two signs in a row need parentheses: -(-x)", offset)
      }
      pieces.append(.prefix(op, offset))
      try flatten(operand, &pieces)
    case .compare(let left, let operands):
      try flatten(left, &pieces)
      for (word, right) in operands {
        pieces.append(.infix(Compiler.comparison(word), right.offset))
        try flatten(right, &pieces)
      }
    case .test(let left, let right):
      pieces.append(.leaf(try test(left, right, offset)))
      pieces.append(.infix(.strictEqual, offset))
      pieces.append(.leaf(constant(.bool(true), offset)))
    default: pieces.append(.leaf(try leaf(expression)))
    }
  }

  private static func flatOperator(_ op: Expr.Operator) -> Op? {
    switch op {
    case .or: .or
    case .and: .and
    case .concat, .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .modulo: .modulo
    case .floorDivide, .power: nil
    }
  }

  private static func comparison(_ word: String) -> Op {
    switch word {
    case "==": .looseEqual
    case "!=": .looseUnequal
    case "===": .strictEqual
    case "!==": .strictUnequal
    case "<": .less
    case "<=": .lessEqual
    case ">": .greater
    default: .greaterEqual
    }
  }

  private static func precedence(_ op: Op) -> Int {
    switch op {
    case .or: 1
    case .and: 2
    case .looseEqual, .looseUnequal, .strictEqual, .strictUnequal: 3
    case .less, .lessEqual, .greater, .greaterEqual: 4
    case .add, .subtract: 5
    default: 6
    }
  }

  private func regroup(
    _ pieces: [Piece], _ position: inout Int, _ lowest: Int
  ) throws(TemplateError) -> Int32 {
    var left = try operand(pieces, &position)
    while position < pieces.count, case .infix(let op, let offset) = pieces[position] {
      let level = Compiler.precedence(op)
      if level < lowest { break }
      position += 1
      let right = try regroup(pieces, &position, level + 1)
      left = infix(op, left, right, offset)
    }
    return left
  }

  private func operand(_ pieces: [Piece], _ position: inout Int) throws(TemplateError) -> Int32 {
    guard position < pieces.count else { throw crash("an operand is missing", -1) }
    switch pieces[position] {
    case .leaf(let node):
      position += 1
      return node
    case .prefix(let op, let offset):
      position += 1
      let inner = try operand(pieces, &position)
      if op == .negative, nodes[Int(inner)].op == .constant,
        case .number(let number) = constants[Int(nodes[Int(inner)].a)]
      {
        return constant(.number(-number), offset)
      }
      return add(Node(op: op, a: inner, offset: Int32(offset)))
    case .infix(_, let offset): throw crash("an operand is missing", offset)
    }
  }

  private func infix(_ op: Op, _ left: Int32, _ right: Int32, _ offset: Int) -> Int32 {
    let before = nodes[Int(left)]
    if op == .add, before.op == .add, isEmptyText(before.b) {
      return add(Node(op: .concat, a: before.a, b: right, offset: Int32(offset)))
    }
    if op == .strictEqual, before.op == .test || before.op == .testMissing,
      nodes[Int(right)].op == .constant, case .bool(true) = constants[Int(nodes[Int(right)].a)]
    {
      return left  // a test gives a boolean already
    }
    return add(Node(op: op, a: left, b: right, offset: Int32(offset)))
  }

  private func isEmptyText(_ node: Int32) -> Bool {
    guard nodes[Int(node)].op == .constant,
      case .view(let view) = constants[Int(nodes[Int(node)].a)]
    else { return false }
    return view.count == 0
  }

  // MARK: Self-contained pieces

  private func leaf(_ expression: Expr) throws(TemplateError) -> Int32 {
    let offset = Int32(expression.offset)
    switch expression.kind {
    case .null: return constant(.null, expression.offset)
    case .bool(let bool): return constant(.bool(bool), expression.offset)
    case .number(let number): return constant(.number(number), expression.offset)
    case .string(let string):
      return add(Node(op: .constant, a: text(string), offset: offset))
    case .regex(let body, let flags):
      do {
        constants.append(.object(TemplateRegex(try Regex(body, flags))))
      } catch {
        throw crash("Invalid regular expression: /\(body)/: \(error.message)", expression.offset)
      }
      return add(Node(op: .regex, a: Int32(constants.count - 1), offset: offset))
    case .symbol(let name):
      if name.utf8.contains(UInt8(ascii: "\"")) {
        throw crash("a name has no quotes: \(name)", expression.offset)
      }
      return symbol(name, offset)
    case .broken(let error): throw error
    case .group(let items):
      if items.isEmpty { throw crash("an expression is missing in ()", expression.offset) }
      if items.count == 1 { return try compile(items[0]) }
      return try list(.group, items, offset)
    case .array(let items):
      return try list(.list, items, offset)
    case .dict(let pairs): return try dict(.dict, pairs, offset)
    case .keywords(let pairs): return try dict(.keywords, pairs, offset)
    case .call(let callee, let arguments): return try call(callee, arguments, offset)
    case .lookup(let target, let key): return try lookup(target, key, offset)
    case .filter(let name, let arguments):
      var list: [Int32] = []
      for argument in arguments { list.append(try compile(argument)) }
      guard let number = filterNumber(name) else {
        return add(Node(op: .filterMissing, a: text(name), offset: offset))
      }
      return add(
        Node(op: .filter, a: number, b: add(list: list), c: Int32(list.count), offset: offset))
    case .inlineIf(let cond, let then, let otherwise):
      let cond = try compile(cond)
      let then = try compile(then)
      let last = try otherwise.map(compile) ?? constant(.view(TextView("")), expression.offset)
      return add(Node(op: .inlineIf, a: cond, b: then, c: last, offset: offset))
    case .contains(let left, let right): return try pair(.contains, left, right, offset)
    case .binary(.power, let left, let right): return try pair(.power, left, right, offset)
    case .binary(.floorDivide, let left, let right):
      // floor(left / right), flat inside.
      var pieces: [Piece] = []
      try flatten(left, &pieces)
      pieces.append(.infix(.divide, expression.offset))
      try flatten(right, &pieces)
      var position = 0
      let quotient = try regroup(pieces, &position, 0)
      return add(Node(op: .floorDivide, a: quotient, offset: offset))
    case .caller(let callable): return try caller(callable, expression.offset)
    case .capture(let body): return try capture(body, offset)
    case .slice: throw crash("a slice needs something to cut: x[1:2]", expression.offset)
    case .binary, .not, .sign, .compare, .test: return try compile(expression)
    }
  }

  private func pair(
    _ op: Op, _ left: Expr, _ right: Expr, _ offset: Int32
  ) throws(TemplateError) -> Int32 {
    let left = try compile(left)
    return add(Node(op: op, a: left, b: try compile(right), offset: offset))
  }

  private func list(_ op: Op, _ items: [Expr], _ offset: Int32) throws(TemplateError) -> Int32 {
    var list: [Int32] = []
    for item in items { list.append(try compile(item)) }
    return add(Node(op: op, a: add(list: list), b: Int32(list.count), offset: offset))
  }

  private func dict(_ op: Op, _ pairs: [Pair], _ offset: Int32) throws(TemplateError) -> Int32 {
    var list: [Int32] = []
    for pair in pairs {
      switch pair.key.kind {
      case .symbol(let name), .string(let name): list.append(text(name))
      default: throw pairError(pair.key)
      }
      list.append(try compile(pair.value))
    }
    return add(Node(op: op, a: add(list: list), b: Int32(pairs.count), offset: offset))
  }

  private func symbol(_ name: String, _ offset: Int32) -> Int32 {
    if let binding = scope.find(name) {
      if !isVisible(binding) {
        return add(Node(op: .unbound, a: text(name), offset: offset))
      }
      return add(Node(op: .slot, a: binding.slot, offset: offset))
    }
    return add(Node(op: .name, a: symbol(name), b: text(name), offset: offset))
  }

  private func lookup(
    _ target: Expr, _ key: Expr, _ offset: Int32
  ) throws(TemplateError) -> Int32 {
    if target.symbolName == "loop", scope.find("loop") == nil, let loop = loops.last, loop.isDirect,
      let field = frameNeed.loopField(key)
    {
      return add(Node(op: .loopField, a: loop.slot, b: Int32(field), offset: offset))
    }
    let object = try compile(target)
    if case .slice(let start, let stop, let step) = key.kind {
      var list: [Int32] = []
      for part in [start, stop, step] {
        list.append(try part.map(compile) ?? constant(.null, key.offset))
      }
      return add(Node(op: .slice, a: object, b: add(list: list), offset: offset))
    }
    if case .string(let name) = key.kind {
      return add(Node(op: .member, a: object, b: text(name), offset: offset))
    }
    return add(Node(op: .index, a: object, b: try compile(key), offset: offset))
  }

  /// `d` is the constant with the text by which errors call the callee.
  private func call(
    _ callee: Expr, _ arguments: [Expr], _ offset: Int32
  ) throws(TemplateError) -> Int32 {
    let target = try compile(callee)
    var list: [Int32] = []
    for argument in arguments { list.append(try compile(argument)) }
    return add(
      Node(
        op: .call, a: target, b: add(list: list), c: Int32(list.count),
        d: text(Compiler.spelling(callee)), offset: offset))
  }

  private static func spelling(_ expression: Expr) -> String {
    switch expression.kind {
    case .symbol(let name): name
    case .call(let callee, _): "the return value of (\(spelling(callee)))"
    case .lookup(let target, let key): "\(spelling(target))[\"\(spelling(key))\"]"
    case .string(let string): string
    case .bool(let bool): bool ? "true" : "false"
    case .number(let number): formatNumber(number)
    case .regex(let body, let flags): "/\(body)/\(flags)"
    default: "--expression--"
    }
  }

  private func test(
    _ left: Expr, _ right: Expr, _ offset: Int
  ) throws(TemplateError) -> Int32 {
    var name = "undefined"
    var arguments: [Expr] = []
    switch right.kind {
    case .symbol(let word), .string(let word): name = word
    case .null: name = "null"
    case .bool(let bool): name = bool ? "true" : "false"
    case .number(let number): name = formatNumber(number)
    case .regex(let body, let flags): name = "/\(body)/\(flags)"
    case .call(let callee, let given):
      switch callee.kind {
      case .symbol(let word), .string(let word): name = word
      default: break
      }
      arguments = given
    case .filter(let word, let given):
      name = word
      arguments = given
    default: break
    }
    if arguments.count > 1 { arguments = [try glued(arguments, offset)] }
    var list = [try compile(left)]
    for argument in arguments { list.append(try compile(argument)) }
    guard let number = testNumber(name) else {
      return add(Node(op: .testMissing, a: text(name), offset: Int32(offset)))
    }
    return add(
      Node(
        op: .test, a: number, b: add(list: list), c: Int32(list.count), offset: Int32(offset)))
  }

  /// Several arguments of a test are written one after the other without a comma: `1, 2` is 12.
  private func glued(_ arguments: [Expr], _ offset: Int) throws(TemplateError) -> Expr {
    var digits = ""
    for argument in arguments {
      guard case .number(let number) = argument.kind, let integer = UInt32(exactly: number) else {
        throw crash("a test takes one argument", offset)
      }
      digits += String(integer)
    }
    return Expr(.number(Double(digits) ?? .nan), offset)
  }
}
