/// Names bound at compile time, as the original's compiler frames bind them.
final class LexicalScope {
  enum Kind { case value, macro, module }
  struct Binding {
    let slot: Int32
    let kind: Kind
    let extent: Extent
  }

  let parent: LexicalScope?
  private var bindings: [[UInt8]: Binding] = [:]

  init(_ parent: LexicalScope?) { self.parent = parent }

  func bind(_ name: String, _ binding: Binding) { bindings[Array(name.utf8)] = binding }

  func find(_ name: String) -> Binding? { find(Array(name.utf8)) }

  private func find(_ name: [UInt8]) -> Binding? { bindings[name] ?? parent?.find(name) }
}

/// The stretch of code a binding lives in.
///
/// In the original a binding is a JavaScript variable of the function it is made in, and include,
/// import, block and others open a function that lasts to the end of the enclosing body. Used
/// outside, the name is bound but the variable does not exist.
final class Extent {
  let parent: Extent?
  init(_ parent: Extent?) { self.parent = parent }

  func contains(_ other: Extent) -> Bool {
    var extent: Extent? = other
    while let current = extent {
      if current === self { return true }
      extent = current.parent
    }
    return false
  }
}

/// Decides where a frame can be left out, because nothing inside could notice.
struct FrameNeed {
  let scope: LexicalScope
  let globals: Set<String>

  func inBody(_ body: [Stmt]) -> Bool { body.contains(where: inStatement) }

  private func inStatement(_ statement: Stmt) -> Bool {
    switch statement.kind {
    case .text: false
    case .output(let expression): inExpression(expression)
    case .condition(let branches, let otherwise, _):
      branches.contains { inExpression($0.cond) || inBody($0.body) } || inBody(otherwise ?? [])
    case .loop(let loop):
      inExpression(loop.sequence) || inBody(loop.body) || inBody(loop.otherwise ?? [])
    case .choose(let subject, let cases, let otherwise):
      inExpression(subject) || cases.contains { inExpression($0.value) || inBody($0.body) }
        || inBody(otherwise ?? [])
    case .set, .setBlock, .macro, .block, .extends, .include, .importAll, .importNames, .custom:
      true
    }
  }

  func inExpression(_ expression: Expr) -> Bool {
    switch expression.kind {
    case .null, .bool, .number, .string, .regex, .broken: false
    case .symbol(let name): name == "loop"
    case .group(let items), .array(let items), .filter(_, let items):
      items.contains(where: inExpression)
    case .dict(let pairs), .keywords(let pairs): pairs.contains { inExpression($0.value) }
    case .call(let callee, let arguments):
      !isHarmless(callee) || arguments.contains(where: inExpression)
    case .lookup(let target, let key):
      !(target.symbolName == "loop" && loopField(key) != nil)
        && (inExpression(target) || inExpression(key))
    case .inlineIf(let cond, let then, let otherwise):
      inExpression(cond) || inExpression(then) || (otherwise.map(inExpression) ?? false)
    case .contains(let left, let right), .test(let left, let right),
      .binary(_, let left, let right):
      inExpression(left) || inExpression(right)
    case .not(let operand), .sign(_, let operand): inExpression(operand)
    case .compare(let left, let operands):
      inExpression(left) || operands.contains { inExpression($0.right) }
    case .caller: true
    case .capture(let body): inBody(body)
    case .slice(let start, let stop, let step):
      [start, stop, step].contains { $0.map(inExpression) ?? false }
    }
  }

  /// Whether calling this cannot run a call body, which would see the frame.
  private func isHarmless(_ callee: Expr) -> Bool {
    switch callee.kind {
    case .symbol(let name):
      if let binding = scope.find(name) { return binding.kind == .macro }
      return globals.contains(name)
    case .lookup(let target, let key):
      if let name = target.symbolName, scope.find(name)?.kind == .module { return true }
      if case .string(let method) = key.kind, FrameNeed.quietMethods.contains(method) {
        return !inExpression(target)
      }
      return false
    default: return false
    }
  }

  /// Built-in methods without callbacks.
  private static let quietMethods: Set<String> = [
    "toFixed", "toString", "toUpperCase", "toLowerCase", "slice", "substring", "substr", "split",
    "join", "indexOf", "includes", "startsWith", "endsWith", "trim", "charAt", "concat", "repeat",
    "padStart", "padEnd", "toPrecision", "push", "pop",
  ]

  static let fields = ["index", "index0", "revindex", "revindex0", "first", "last", "length"]

  /// Which member of `loop` a literal key names.
  func loopField(_ key: Expr) -> Int? {
    if case .string(let name) = key.kind { return FrameNeed.fields.firstIndex(of: name) }
    return nil
  }
}

extension [Stmt] {
  /// Whether anything below assigns the variable `loop`, or might from elsewhere.
  var touchesLoop: Bool {
    contains { statement in
      switch statement.kind {
      case .set(let targets, _): targets.contains { $0.symbolName == "loop" }
      case .setBlock(let targets, let body):
        targets.contains { $0.symbolName == "loop" } || body.touchesLoop
      case .condition(let branches, let otherwise, _):
        branches.contains { $0.body.touchesLoop } || (otherwise?.touchesLoop ?? false)
      case .loop(let loop):
        loop.body.touchesLoop || (loop.otherwise?.touchesLoop ?? false)
      case .choose(_, let cases, let otherwise):
        cases.contains { $0.body.touchesLoop } || (otherwise?.touchesLoop ?? false)
      case .importAll(_, let target, let withContext):
        withContext || target.symbolName == "loop"
      case .importNames(_, let names, let withContext):
        withContext || names.contains { ($0.alias ?? $0.name).symbolName == "loop" }
      case .macro(let macro): macro.name.symbolName == "loop"
      case .output(let expression):
        if case .filter(_, let arguments) = expression.kind,
          case .capture(let body)? = arguments.first?.kind
        {
          body.touchesLoop
        } else {
          false
        }
      default: false
      }
    }
  }
}
