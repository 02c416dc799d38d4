extension Builtins {
  /// `range`, `cycler` and `joiner`.
  nonisolated(unsafe) static let globals: [String: TemplateValue] = [
    "range": .object(BuiltinFunction(range)),
    "cycler": .object(
      BuiltinFunction { (call) throws(TemplateError) in .object(Cycler(call.arguments)) }),
    "joiner": .object(
      BuiltinFunction { (call) throws(TemplateError) in
        .object(Joiner(call[0].isTruthy ? call[0] : .text(Text(","))))
      }),
  ]

  private static func range(_ call: TemplateCall) throws(TemplateError) -> Value {
    let renderer = call.renderer
    var start = Value.number(0)
    var stop = call[0]
    if !call[1].isUndefined {
      start = call[0]
      stop = call[1]
    }
    let step = call[1].isUndefined || !call[2].isTruthy ? .number(1) : call[2]
    let ascending = try renderer.number(step) > 0
    var items: [Value] = []
    var value = start
    while try renderer.compare(ascending ? .less : .greater, value, stop) {
      renderer.steps &-= 1
      if renderer.steps < 0 { throw renderer.stepError() }
      try renderer.charge(16)
      items.append(value)
      value = try renderer.plus(value, step)
    }
    return .list(TemplateList(local: items))
  }
}

/// `cycler(a, b)`: `next()` gives the items in turn, `current` the last one given.
private final class Cycler: BuiltinObject {
  private var items: [Value]
  private var index = -1
  private var current = Value.null

  init(_ items: [Value]) { self.items = items }

  deinit {
    if items.contains(where: \.holdsOthers) { Remains.release { surrender(to: &$0) } }
  }

  override func surrender(to remains: inout Remains) {
    current = .undefined
    remains.take(&items)
  }

  override func member(_ name: TextView) throws -> TemplateValue {
    if name.equals("current") { return current }
    if name.equals("next") {
      return .object(
        BuiltinFunction(of: self) { [unowned self] (_) throws(TemplateError) in next() })
    }
    if name.equals("reset") {
      return .object(
        BuiltinFunction(of: self) { [unowned self] (_) throws(TemplateError) in
          index = -1
          current = .null
          return .undefined
        })
    }
    return .undefined
  }

  private func next() -> Value {
    index += 1
    if index >= items.count { index = 0 }
    current = items.isEmpty ? .undefined : items[index]
    return current
  }

  override var keys: [String] { ["current", "reset", "next"] }
}

/// `joiner(sep)`: nothing at the first call, the separator from then on.
private final class Joiner: TemplateObject {
  private var separator: Value
  private var isFirst = true

  init(_ separator: Value) { self.separator = separator }

  deinit {
    if separator.holdsOthers { Remains.release { surrender(to: &$0) } }
  }

  override func surrender(to remains: inout Remains) { remains.take(&separator) }

  override var isCallable: Bool { true }
  override func call(_ call: TemplateCall) throws -> TemplateValue {
    if isFirst {
      isFirst = false
      return .text(Text(""))
    }
    return separator
  }
}
