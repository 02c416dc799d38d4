/// Questions about names and tags anywhere below some statements.
extension [Stmt] {
  var mentionsLoop: Bool { mentions("loop") }

  func mentions(_ name: String) -> Bool { contains { $0.mentions(name) } }
}

extension Stmt {
  fileprivate func mentions(_ name: String) -> Bool {
    switch kind {
    case .text: false
    case .output(let expression), .extends(let expression), .include(let expression, _):
      expression.mentions(name)
    case .condition(let branches, let otherwise, _):
      branches.contains { $0.cond.mentions(name) || $0.body.mentions(name) }
        || (otherwise?.mentions(name) ?? false)
    case .loop(let loop):
      loop.sequence.mentions(name) || loop.body.mentions(name)
        || (loop.otherwise?.mentions(name) ?? false)
    case .set(let targets, let value):
      value.mentions(name) || targets.contains { $0.mentions(name) }
    case .setBlock(let targets, let body):
      body.mentions(name) || targets.contains { $0.mentions(name) }
    case .macro(let macro):
      macro.body.mentions(name) || macro.parameters.contains { $0.mentions(name) }
    case .block(let block): block.body.mentions(name)
    case .importAll(let template, _, _), .importNames(let template, _, _): template.mentions(name)
    case .choose(let subject, let cases, let otherwise):
      subject.mentions(name)
        || cases.contains { $0.value.mentions(name) || $0.body.mentions(name) }
        || (otherwise?.mentions(name) ?? false)
    case .custom(let use):
      use.arguments.contains { $0.mentions(name) } || use.bodies.contains { $0.body.mentions(name) }
    }
  }
}

extension Expr {
  fileprivate func mentions(_ name: String) -> Bool {
    switch kind {
    case .null, .bool, .number, .string, .regex, .broken: false
    case .symbol(let word): word == name
    case .group(let items), .array(let items), .filter(_, let items):
      items.contains { $0.mentions(name) }
    case .dict(let pairs), .keywords(let pairs): pairs.contains { $0.value.mentions(name) }
    case .call(let callee, let arguments):
      callee.mentions(name) || arguments.contains { $0.mentions(name) }
    case .lookup(let left, let right), .contains(let left, let right), .test(let left, let right),
      .binary(_, let left, let right):
      left.mentions(name) || right.mentions(name)
    case .inlineIf(let cond, let then, let otherwise):
      cond.mentions(name) || then.mentions(name) || (otherwise?.mentions(name) ?? false)
    case .not(let operand), .sign(_, let operand): operand.mentions(name)
    case .compare(let left, let operands):
      left.mentions(name) || operands.contains { $0.right.mentions(name) }
    case .caller(let caller):
      caller.body.mentions(name) || caller.parameters.contains { $0.mentions(name) }
    case .capture(let body): body.mentions(name)
    case .slice(let start, let stop, let step):
      [start, stop, step].contains { $0?.mentions(name) ?? false }
    }
  }
}
