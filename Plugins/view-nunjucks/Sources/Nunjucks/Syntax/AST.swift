/// An expression as the grammar sees it; the compiler regroups operators afterwards.
final class Expr {
  indirect enum Kind {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case regex(String, String)
    case symbol(String)
    case group([Expr])
    case array([Expr])
    case dict([Pair])
    case keywords([Pair])
    case call(Expr, [Expr])
    case lookup(Expr, Expr)
    case filter(String, [Expr])
    case inlineIf(cond: Expr, then: Expr, otherwise: Expr?)
    case contains(Expr, Expr)
    case test(Expr, Expr)
    case not(Expr)
    case compare(Expr, [(op: String, right: Expr)])
    case binary(Operator, Expr, Expr)
    case sign(negative: Bool, Expr)
    case caller(Callable)
    case capture([Stmt])
    case slice(Expr?, Expr?, Expr?)
    /// A mistake that the original notices only when it compiles; one that it reads behind it comes first.
    case broken(TemplateError)
  }

  enum Operator {
    case or, and, concat, add, subtract, multiply, divide, floorDivide, modulo, power
  }

  /// Changed once, when `super()` is lifted to the start of its block.
  var kind: Kind
  let offset: Int
  /// How deep the tree below is, this node included.
  let depth: Int

  init(_ kind: Kind, _ offset: Int, _ children: Expr?...) {
    self.kind = kind
    self.offset = offset
    depth = 1 + (children.lazy.compactMap { $0?.depth }.max() ?? 0)
  }

  /// Where a message about its kind places it: with its first operand.
  var start: Int {
    switch kind {
    case .test(let left, _), .binary(_, let left, _): left.start
    case .not(let inner) where inner.offset == offset: inner.start
    default: offset
    }
  }

  init(_ kind: Kind, _ offset: Int, list: [Expr]) {
    self.kind = kind
    self.offset = offset
    depth = 1 + (list.lazy.map(\.depth).max() ?? 0)
  }

  var symbolName: String? {
    if case .symbol(let name) = kind { return name }
    return nil
  }
}

struct Pair {
  let key: Expr
  let value: Expr
}

/// A macro, or the body of a `{% call %}`.
final class Callable {
  let name: Expr
  let parameters: [Expr]
  let body: [Stmt]
  init(name: Expr, parameters: [Expr], body: [Stmt]) {
    self.name = name
    self.parameters = parameters
    self.body = body
  }
}

final class Loop {
  enum Mode { case plain, each, all }
  var mode: Mode
  let names: [Expr]
  let sequence: Expr
  let body: [Stmt]
  let otherwise: [Stmt]?
  init(mode: Mode, names: [Expr], sequence: Expr, body: [Stmt], otherwise: [Stmt]?) {
    self.mode = mode
    self.names = names
    self.sequence = sequence
    self.body = body
    self.otherwise = otherwise
  }
}

final class BlockTag {
  let name: String
  let body: [Stmt]
  let offset: Int
  /// The hidden variable `super()` was replaced by, and where the first call stands.
  var superName: String?
  var superOffset = 0
  init(name: String, body: [Stmt], offset: Int) {
    self.name = name
    self.body = body
    self.offset = offset
  }
}

final class CustomTagUse {
  let tag: CustomTag
  let arguments: [Expr]
  let bodies: [(name: String, body: [Stmt])]
  init(tag: CustomTag, arguments: [Expr], bodies: [(name: String, body: [Stmt])]) {
    self.tag = tag
    self.arguments = arguments
    self.bodies = bodies
  }
}

struct Stmt {
  indirect enum Kind {
    case text(String)
    case output(Expr)
    case condition(branches: [(cond: Expr, body: [Stmt])], otherwise: [Stmt]?, isAsync: Bool)
    case loop(Loop)
    case set(targets: [Expr], value: Expr)
    case setBlock(targets: [Expr], body: [Stmt])
    case macro(Callable)
    case block(BlockTag)
    case extends(Expr)
    case include(Expr, ignoreMissing: Bool)
    case importAll(Expr, target: Expr, withContext: Bool)
    case importNames(Expr, names: [(name: Expr, alias: Expr?)], withContext: Bool)
    case choose(Expr, cases: [(value: Expr, body: [Stmt])], otherwise: [Stmt]?)
    case custom(CustomTagUse)
  }

  let kind: Kind
  let offset: Int
}
