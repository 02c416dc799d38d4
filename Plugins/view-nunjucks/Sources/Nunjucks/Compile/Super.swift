/// Replaces `super()` in blocks by a hidden variable, filled when the block starts.
///
/// An outer block takes the calls of the blocks inside it too, cases of a `switch`, right sides of
/// comparisons and bodies of `set` are not looked at: that is where the original looks.
struct SuperLift {
  private var count = 0
  private(set) var blocks: [BlockTag] = []

  mutating func run(_ body: [Stmt], in block: BlockTag? = nil) {
    for statement in body { run(statement, block) }
  }

  private mutating func run(_ statement: Stmt, _ block: BlockTag?) {
    switch statement.kind {
    case .text: break
    case .output(let expression), .extends(let expression), .include(let expression, _):
      run(expression, block)
    case .condition(let branches, let otherwise, _):
      for branch in branches {
        run(branch.cond, block)
        run(branch.body, in: block)
      }
      run(otherwise ?? [], in: block)
    case .loop(let loop):
      run(loop.sequence, block)
      run(loop.body, in: block)
      run(loop.otherwise ?? [], in: block)
    case .set(_, let value): run(value, block)
    case .setBlock: break
    case .macro(let macro):
      for parameter in macro.parameters { run(parameter, block) }
      run(macro.body, in: block)
    case .block(let inner):
      blocks.append(inner)
      run(inner.body, in: block ?? inner)
    case .importAll(let template, _, _), .importNames(let template, _, _): run(template, block)
    case .choose(let subject, _, let otherwise):
      run(subject, block)
      run(otherwise ?? [], in: block)
    case .custom(let use):
      for argument in use.arguments { run(argument, block) }
      for body in use.bodies { run(body.body, in: block) }
    }
  }

  private mutating func run(_ expression: Expr, _ block: BlockTag?) {
    switch expression.kind {
    case .null, .bool, .number, .string, .regex, .symbol, .broken: break
    case .call(let callee, let arguments):
      if callee.symbolName == "super", let block {
        if block.superName == nil {
          count += 1
          block.superName = " super \(count)"
          block.superOffset = expression.offset
        }
        expression.kind = .symbol(block.superName ?? "")
        return
      }
      run(callee, block)
      for argument in arguments { run(argument, block) }
    case .group(let items), .array(let items), .filter(_, let items):
      for item in items { run(item, block) }
    case .dict(let pairs), .keywords(let pairs):
      for pair in pairs { run(pair.value, block) }
    case .lookup(let left, let right), .contains(let left, let right), .test(let left, let right),
      .binary(_, let left, let right):
      run(left, block)
      run(right, block)
    case .inlineIf(let cond, let then, let otherwise):
      run(then, block)
      run(cond, block)
      if let otherwise { run(otherwise, block) }
    case .not(let operand), .sign(_, let operand): run(operand, block)
    case .compare(let left, _): run(left, block)
    case .caller(let caller):
      for parameter in caller.parameters { run(parameter, block) }
      run(caller.body, in: block)
    case .capture(let body): run(body, in: block)
    case .slice(let start, let stop, let step):
      for part in [start, stop, step] { if let part { run(part, block) } }
    }
  }
}
