/// Looks for what turns the plain `for` and `if` around it into their asynchronous forms:
/// asynchronous tags and filters.
///
/// The original's search does not enter the text of `{% set %}` and the cases of a `switch`.
struct AsyncSearch {
  /// The names of asynchronous filters.
  let filters: Set<String>
  /// Whether the template has asynchronous tags at all.
  let hasTags: Bool

  func found(in body: [Stmt]) -> Bool {
    if !hasTags && filters.isEmpty { return false }
    return body.contains(where: found)
  }

  func found(in loop: Loop) -> Bool {
    if !hasTags && filters.isEmpty { return false }
    return found(loop.sequence) || found(in: loop.body) || found(in: loop.otherwise ?? [])
  }

  func found(in branches: [(cond: Expr, body: [Stmt])], _ otherwise: [Stmt]?) -> Bool {
    if !hasTags && filters.isEmpty { return false }
    return branches.contains { found($0.cond) || found(in: $0.body) } || found(in: otherwise ?? [])
  }

  private func found(_ statement: Stmt) -> Bool {
    switch statement.kind {
    case .text, .setBlock, .importAll, .importNames: false
    case .output(let expression), .extends(let expression), .include(let expression, _),
      .set(_, let expression):
      found(expression)
    case .condition(let branches, let otherwise, let isAsync):
      isAsync || found(in: branches, otherwise)
    case .loop(let loop): loop.mode != .plain || found(in: loop)
    case .macro(let macro): found(in: macro.body)
    case .block(let block): found(in: block.body)
    case .choose(let subject, _, let otherwise): found(subject) || found(in: otherwise ?? [])
    case .custom(let use):
      use.arguments.contains(where: found) || use.bodies.contains { found(in: $0.body) }
    }
  }

  private func found(_ expression: Expr) -> Bool {
    switch expression.kind {
    case .null, .bool, .number, .string, .regex, .symbol, .broken: false
    case .filter(let name, let items): filters.contains(name) || items.contains(where: found)
    case .group(let items), .array(let items): items.contains(where: found)
    case .dict(let pairs), .keywords(let pairs): pairs.contains { found($0.value) }
    case .call(let callee, let arguments): found(callee) || arguments.contains(where: found)
    case .lookup(let left, let right), .contains(let left, let right), .test(let left, let right),
      .binary(_, let left, let right):
      found(left) || found(right)
    case .inlineIf(let cond, let then, let otherwise):
      found(cond) || found(then) || (otherwise.map(found) ?? false)
    case .not(let operand), .sign(_, let operand): found(operand)
    case .compare(let left, _): found(left)
    case .caller(let caller): found(in: caller.body)
    case .capture(let body): found(in: body)
    case .slice: false
    }
  }
}
