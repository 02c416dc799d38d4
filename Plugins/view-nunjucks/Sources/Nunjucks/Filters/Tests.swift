extension Builtins {
  nonisolated(unsafe) static let tests: [String: TestEntry] = {
    typealias Body = (TemplateCall) throws(TemplateError) -> Bool
    var table: [String: TestEntry] = [:]
    func add(_ name: String, _ body: @escaping Body) { table[name] = TestEntry(apply: body) }
    func alias(_ name: String, _ other: String) { table[name] = table[other] }
    add("callable") { call in
      if case .object(let object) = call[0] { return object.isCallable }
      return false
    }
    add("defined") { call in !call[0].isUndefined }
    add("undefined") { call in call[0].isUndefined }
    add("none") { call in
      if case .null = call[0] { return true }
      return false
    }
    alias("null", "none")
    add("divisibleby") { call throws(TemplateError) in
      javaScriptRemainder(try call.renderer.number(call[0]), try call.renderer.number(call[1])) == 0
    }
    add("eq") { call in call.renderer.strictlyEqual(call[0], call[1]) }
    alias("equalto", "eq")
    alias("sameas", "eq")
    add("ne") { call in !call.renderer.strictlyEqual(call[0], call[1]) }
    add("even") { call throws(TemplateError) in
      javaScriptRemainder(try call.renderer.number(call[0]), 2) == 0
    }
    add("odd") { call throws(TemplateError) in
      javaScriptRemainder(try call.renderer.number(call[0]), 2) == 1
    }
    add("truthy") { call in call[0].isTruthy }
    add("falsy") { call in !call[0].isTruthy }
    for (names, op) in [
      (["ge"], Op.greaterEqual), (["gt", "greaterthan"], .greater), (["le"], .lessEqual),
      (["lt", "lessthan"], .less),
    ] {
      for name in names {
        add(name) { call throws(TemplateError) in
          try call.renderer.compare(op, call[0], call[1])
        }
      }
    }
    add("lower") { call throws(TemplateError) in try call.renderer.isCased(call[0], upper: false) }
    add("upper") { call throws(TemplateError) in try call.renderer.isCased(call[0], upper: true) }
    add("number") { call in
      switch call[0] {
      case .number, .integer: true
      default: false
      }
    }
    add("string") { call in call[0].plainView != nil }
    add("escaped") { call in call[0].isSafe }
    add("iterable") { call throws(TemplateError) in
      switch call[0] {
      case .undefined, .null: throw .type("\(try call.renderer.string(call[0])) is not iterable")
      case .view, .text, .list, .treeList: true
      default: false
      }
    }
    add("mapping") { call in
      switch call[0] {
      case .map, .treeMap: true
      case .view, .text: call[0].isSafe
      case .object(let object): !object.isCallable
      default: false
      }
    }
    return table
  }()
}

extension Renderer {
  fileprivate func isCased(_ value: Value, upper: Bool) throws(TemplateError) -> Bool {
    guard let view = value.textView else { throw notText(value) }
    if view.isSafe { return false }
    let changed = try cased(view, upper: upper)
    defer { withExtendedLifetime(changed) {} }
    return changed.textView?.equals(view) ?? false
  }
}
