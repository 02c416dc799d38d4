extension Renderer {
  /// Where keyword arguments of a macro call come from.
  enum Keywords {
    /// Names (constants at `names[2i]`) and values still on the stack.
    case pairs(
      UnsafeMutablePointer<Value>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Value>, Int)
    case map(TemplateMap)

    func value(_ name: TextView) -> Value? {
      switch self {
      case .map(let map): return map.get(name)
      case .pairs(let constants, let names, let values, let count):
        var index = count
        while index > 0 {
          index -= 1
          if let key = constants[Int(names[index * 2])].textView, key.equals(name) {
            return values[index]
          }
        }
        return nil
      }
    }
  }

  /// Evaluates a call.
  ///
  /// - Parameter prints: a macro may write its result to the page itself.
  /// - Returns: the result; nil if it has been written.
  func call(_ index: Int32, prints: Bool) throws(TemplateError) -> Value? {
    let node = now.nodes + Int(index)
    let level = top
    if top &+ Int(node.pointee.c) &+ 16 > Renderer.stackCapacity {
      throw .limit("expressions nest too deep")
    }
    // The callee first: a method needs its object too.
    let calleeNode = now.nodes + Int(node.pointee.a)
    var target = Value.undefined
    var callee = Value.undefined
    var method: TextView?
    switch calleeNode.pointee.op {
    case .member:
      target = try evaluate(calleeNode.pointee.a)
      method = text(calleeNode.pointee.b)
    case .index:
      target = try evaluate(calleeNode.pointee.a)
      let key = try evaluate(calleeNode.pointee.b)
      let name = try makeText(try string(key))
      push(name)
      method = stack[top - 1].textView
    default: callee = try evaluate(node.pointee.a)
    }
    if let name = method {
      push(target)
      if let own = try callable(target, name, node.pointee.offset) {
        callee = own
        method = nil
      }
    }
    push(callee)
    // Then the arguments.
    let first = top
    let list = now.lists + Int(node.pointee.b)
    var count = Int(node.pointee.c)
    var keywords: Keywords?
    let keywordNode = count > 0 ? now.nodes + Int(list[count - 1]) : node
    let hasKeywords = count > 0 && keywordNode.pointee.op == .keywords
    var macro: MacroFunction?
    if case .object(let object) = callee, type(of: object) == MacroFunction.self {
      macro = unsafeDowncast(object, to: MacroFunction.self)
    }
    if hasKeywords, macro != nil {
      count -= 1
      for position in 0..<count { push(try evaluate(list[position])) }
      let pairs = now.lists + Int(keywordNode.pointee.a)
      let pairCount = Int(keywordNode.pointee.b)
      let values = stack + top
      for pair in 0..<pairCount { push(try evaluate(pairs[pair * 2 + 1])) }
      keywords = .pairs(now.constants, pairs, values, pairCount)
    } else {
      for position in 0..<count { push(try evaluate(list[position])) }
    }
    let arguments = stack + first
    var result: Value?
    do throws(TemplateError) {
      if let macro {
        let start = out.count
        try callMacro(macro, arguments, count, keywords: keywords)
        if !prints { result = try capture(from: start, safe: true) }
      } else {
        steps &-= 1
        if steps < 0 { throw stepError() }
        let call = TemplateCall(renderer: self, base: arguments, count: count)
        if let method {
          result = try invoke(target, method, call)
          if result == nil { throw try uncallable(try member(target, method), node) }
        } else if case .object(let object) = callee, object.isCallable {
          result = try invoke(object, call)
        } else {
          throw try uncallable(callee, node)
        }
      }
    } catch {
      if error.isLocated, let macro {
        if macro.template !== now.template || error.kind == .limit {
          error.chain.insert(now.template.place(Int(node.pointee.offset), via: "call"), at: 0)
        }
        throw error
      }
      throw located(error, node.pointee.offset)
    }
    dropStack(to: level)
    return result
  }

  /// A function held by `target` as data; nil if `name` is to be tried as a built-in method.
  private func callable(
    _ target: Value, _ name: TextView, _ offset: Int32
  ) throws(TemplateError) -> Value? {
    switch target {
    case .map, .treeMap:
      return jinjaCompat && isJinjaMethod(target, name) ? nil : ownMember(target, name)
    default: return nil
    }
  }

  /// Calls a function that is not a macro.
  func invoke(_ object: TemplateObject, _ call: TemplateCall) throws(TemplateError) -> Value {
    if object is BoundMethod || object is BuiltinFunction || object is MacroFunction {
      return try engine { try object.call(call) }
    }
    return try external { try object.call(call) }
  }

  private func uncallable(
    _ value: Value, _ node: UnsafeMutablePointer<Node>
  ) throws(TemplateError) -> TemplateError {
    let name = text(node.pointee.d).string
    return TemplateError(
      "Unable to call `\(name)`, which is "
        + (value.isTruthy ? "not a function" : "undefined or falsey"))
  }

  // MARK: Macros

  /// Runs a macro or call body; its text goes to `out`.
  func callMacro(
    _ macro: MacroFunction, _ arguments: UnsafeMutablePointer<Value>, _ given: Int,
    keywords: Keywords?
  ) throws(TemplateError) {
    var count = given
    var keywords = keywords
    if keywords == nil, count > 0, case .map(let map) = arguments[count - 1], map.isKeywords {
      keywords = .map(map)
      count -= 1
    }
    try enter()
    let function = macro.function
    let saved = now
    let level = top
    let outerFrame = macro.cell.frame
    var slots: UnsafeMutablePointer<Value>
    var kept = 0
    if let shared = macro.slots {
      guard isLive(macro.run, macro.runDepth) else {
        throw TemplateError("caller() was kept longer than the call it belongs to")
      }
      slots = shared
      // The body may be running already, further out: its own slots are put aside.
      kept = function.ownSlots.count
      if top &+ kept &+ 64 > Renderer.stackCapacity {
        throw .limit("too many variables are alive at once")
      }
      for slot in function.ownSlots { push(shared[slot]) }
      for slot in function.ownSlots { shared[slot] = .undefined }
    } else {
      slots = try takeSlots(function.slotCount)
    }
    let run = macro.slots == nil ? beginRun() : macro.run
    let template = macro.template
    now = Activation(
      template, saved.function, macro.cell, macro.context, slots: slots, run: run,
      runDepth: macro.slots == nil ? runCount - 1 : macro.runDepth)
    var frame: Frame?
    if function.needsFrame {
      let fresh = newFrame(parent: macro.slots == nil ? nil : outerFrame)
      fresh.isolates = macro.slots != nil
      macro.cell.frame = fresh
      frame = fresh
    } else if macro.slots == nil {
      macro.cell.frame = emptyFrame
    }
    do throws(TemplateError) {
      try bind(function, slots, frame, arguments, count, keywords)
      try execute(function.body)
    } catch {
      error.locate(template, at: -1)
      now = saved
      throw error
    }
    macro.cell.frame = outerFrame
    retire(&frame)
    if macro.slots == nil { endRun() }
    now = saved
    if kept > 0 {
      var index = 0
      for slot in function.ownSlots {
        slots[slot] = stack[level + index]
        index += 1
      }
    }
    dropStack(to: level)
    leave()
    withExtendedLifetime(macro) {}
  }

  @inline(__always)
  private func bind(
    _ function: Function, _ slots: UnsafeMutablePointer<Value>, _ frame: Frame?,
    _ arguments: UnsafeMutablePointer<Value>, _ count: Int, _ keywords: Keywords?
  ) throws(TemplateError) {
    let positional = function.parameterCount
    if let frame, let keywords, let caller = keywords.value(TextView("caller")) {
      frame.set(Symbols.caller, caller)
    }
    for index in 0..<positional {
      let parameter = function.parameters[index]
      let slot = Int(parameter.slot)
      if index < count {
        slots[slot] = arguments[index]
      } else if let keywords, let value = keywords.value(parameter.name) {
        slots[slot] = value
      }
      if let frame { frame.set(parameter.symbol, slots[slot]) }
    }
    for index in 0..<function.keywordCount {
      let keyword = function.keywords[index]
      let value: Value
      if positional + index < count {
        value = arguments[positional + index]
      } else if let given = keywords?.value(keyword.name) {
        value = given
      } else {
        value = try evaluate(keyword.value)
      }
      if let frame { frame.set(keyword.symbol, value) }
    }
  }

  // MARK: Functions outside the engine

  /// Runs Swift code of the application; any error becomes a template error, and the result is
  /// remembered if the render may be repeated.
  func external(_ body: () throws -> Value) throws(TemplateError) -> Value {
    guard let journal else { return try engine(body) }
    if let known = journal.next() { return known }
    let value = try engine(body)
    journal.append(value)
    return value
  }

  func engine(_ body: () throws -> Value) throws(TemplateError) -> Value {
    do {
      return try body()
    } catch let error as TemplateError {
      throw error
    } catch {
      throw TemplateError(String(describing: error))
    }
  }
}

/// What calls out of the engine returned, so that a render that had to wait can run again from the
/// start without repeating them.
final class Journal {
  let seed = UInt64.random(in: 1...UInt64.max)
  private var values: [Value] = []
  var cursor = 0
  /// The filter the render waits for.
  var waiting: PendingResult?

  func next() -> Value? {
    if cursor >= values.count { return nil }
    cursor += 1
    return values[cursor - 1]
  }

  func append(_ value: Value) {
    values.append(value)
    cursor = values.count
  }
}

/// The result of an asynchronous filter, now or later.
final class PendingResult {
  var result: Result<TemplateValue, any Error>?
  var onResult: (() -> Void)?

  func settle(_ value: Result<TemplateValue, any Error>) {
    if result != nil { return }
    result = value
    onResult?()
  }
}

/// A function of the engine itself: repeating it is harmless.
final class BuiltinFunction: TemplateObject {
  let body: (TemplateCall) throws(TemplateError) -> Value
  /// What the body is a method of: it does not keep that alive itself.
  private var owner: TemplateObject?

  init(
    of owner: TemplateObject? = nil,
    _ body: @escaping (TemplateCall) throws(TemplateError) -> Value
  ) {
    self.owner = owner
    self.body = body
  }

  deinit {
    if owner != nil { Remains.release { surrender(to: &$0) } }
  }

  override func surrender(to remains: inout Remains) { remains.take(&owner) }

  override var isCallable: Bool { true }
  override func call(_ call: TemplateCall) throws -> TemplateValue { try body(call) }
}
