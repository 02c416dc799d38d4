extension Renderer {
  @inline(__always)
  func node(_ index: Int32) -> UnsafeMutablePointer<Node> { now.nodes + Int(index) }

  func text(_ constant: Int32) -> TextView {
    now.constants[Int(constant)].textView ?? TextView("")
  }

  /// Runs one statement, most often a sequence of them.
  func execute(_ index: Int32) throws(TemplateError) {
    let node = now.nodes + Int(index)
    switch node.pointee.op {
    case .text: out.append(now.data + Int(node.pointee.a), Int(node.pointee.b))
    case .output:
      do throws(TemplateError) {
        try emit(node.pointee.a, node.pointee.offset)
      } catch {
        error.locate(now.template, at: Int(node.pointee.offset))
        throw error
      }
    case .sequence: try executeAll(node)
    case .condition:
      let list = now.lists + Int(node.pointee.a)
      let count = Int(list[0])
      try checkStack()
      for branch in 0..<count where try isTrue(list[1 &+ branch &* 2]) {
        return try execute(list[2 &+ branch &* 2])
      }
      let last = list[1 &+ count &* 2]
      if last >= 0 { try execute(last) }
    case .loop: try loop(node)
    case .asyncLoop: try asyncLoop(node)
    case .set: try assign(node.pointee.b, try evaluate(node.pointee.a))
    case .setBlock:
      let start = out.count
      try execute(node.pointee.a)
      try assign(node.pointee.b, try capture(from: start, safe: false))
    case .macro: defineMacro(node)
    case .block: try block(node)
    case .extends:
      let parent = try template(node.pointee.a)
      now.cell.parent = parent
      now.context.addBlocks(parent)
    case .include: try include(node)
    case .importAll: try importAll(node)
    case .importNames: try importNames(node)
    case .superStart: try superStart(node)
    case .choose: try choose(node)
    case .custom: try custom(node)
    default: _ = try evaluate(index)
    }
  }

  /// Runs the statements of a sequence; text and output, which most of them are, without a call.
  @inline(__always)
  func executeAll(_ sequence: UnsafeMutablePointer<Node>) throws(TemplateError) {
    let list = now.lists + Int(sequence.pointee.a)
    for position in 0..<Int(sequence.pointee.b) {
      let node = now.nodes + Int(list[position])
      if node.pointee.op == .text {
        out.append(now.data + Int(node.pointee.a), Int(node.pointee.b))
      } else {
        try execute(list[position])
      }
    }
  }

  @inline(__always)
  func isTrue(_ index: Int32) throws(TemplateError) -> Bool { try operand(index).isTruthy }

  // MARK: Output

  /// Evaluates and prints; macros write straight into the page.
  func emit(_ index: Int32, _ offset: Int32) throws(TemplateError) {
    let node = now.nodes + Int(index)
    switch node.pointee.op {
    case .call:
      if let value = try call(index, prints: true) { try print(value, offset) }
    case .inlineIf:
      try emit(try isTrue(node.pointee.a) ? node.pointee.b : node.pointee.c, offset)
    case .or:
      let value = try evaluate(node.pointee.a)
      if value.isTruthy { try print(value, offset) } else { try emit(node.pointee.b, offset) }
    default: try print(try operand(index), offset)
    }
  }

  @inline(__always)
  func print(_ value: Value, _ offset: Int32) throws(TemplateError) {
    switch value {
    case .view(let view):
      if autoescape, !view.isSafe {
        out.appendEscaped(view, backslash: backslash)
      } else {
        out.append(view)
      }
    case .number(let number): out.append(number: number)
    default: try printOther(value, offset)
    }
  }

  @inline(never)
  private func printOther(_ value: Value, _ offset: Int32) throws(TemplateError) {
    switch value {
    case .undefined, .null:
      if throwOnUndefined {
        throw TemplateError(
          "attempted to output null or undefined value", kind: .syntax, at: Int(offset))
      }
    case .text(let text):
      if autoescape, !text.view.isSafe {
        out.appendEscaped(text.view, backslash: backslash)
      } else {
        out.append(text.view)
      }
    case .bool, .integer: try append(value)
    default:
      if autoescape {
        let start = out.count
        try append(value)
        let text = try capture(from: start, safe: false)
        if let view = text.textView { out.appendEscaped(view, backslash: backslash) }
        withExtendedLifetime(text) {}
      } else {
        try append(value)
      }
    }
  }

  // MARK: Variables

  func assign(_ targets: Int32, _ value: Value) throws(TemplateError) {
    let list = now.lists + Int(targets)
    for target in 0..<Int(list[0]) {
      let symbol = list[1 + target * 3]
      let slot = list[2 + target * 3]
      if slot >= 0 { now.slots[Int(slot)] = value }
      let frame = now.cell.frame
      frame.assign(symbol, value)
      if frame.isTopLevel {
        now.context.set(symbol, value)
        if list[3 + target * 3] == 0 { export(symbol) }
      }
    }
  }

  func export(_ symbol: Int32) {
    if now.context.exports?.contains(symbol) == false { now.context.exports?.append(symbol) }
  }

  private func defineMacro(_ node: UnsafeMutablePointer<Node>) {
    let function = now.template.functions[Int(node.pointee.a)]
    let value = Value.object(MacroFunction(function, now.cell, now.context))
    now.slots[Int(node.pointee.b)] = value
    if node.pointee.flag & 1 != 0 {
      now.cell.frame.set(node.pointee.c, value)
    } else {
      if node.pointee.flag & 2 == 0 { export(node.pointee.c) }
      now.context.set(node.pointee.c, value)
    }
  }

  // MARK: Blocks

  private func block(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    if node.pointee.flag == 0, now.cell.parent != nil { return }
    guard let function = now.context.versions(node.pointee.a)?.first else {
      let error = TemplateError("unknown block \"\(text(node.pointee.b).string)\"")
      error.locate(now.template, at: Int(node.pointee.offset))
      throw error
    }
    try run(block: function, "block", node.pointee.offset)
  }

  private func run(
    block function: Function, _ via: String, _ offset: Int32
  ) throws(TemplateError) {
    let here = now.template
    var frame: Frame? = newFrame(parent: now.cell.frame)
    frame?.isolates = true
    do throws(TemplateError) {
      try enter()
      var cell: Cell? = newCell(frame ?? emptyFrame)
      if let cell { try run(function, function.template, cell, now.context) }
      retire(&cell)
    } catch {
      if error.isLocated, function.template !== here || error.kind == .limit {
        error.chain.insert(here.place(Int(offset), via: via), at: 0)
      }
      error.locate(here, at: Int(offset))
      throw error
    }
    leave()
    retire(&frame)
  }

  private func superStart(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    let versions = now.context.versions(node.pointee.a) ?? []
    guard let index = versions.firstIndex(where: { $0 === now.function }),
      index + 1 < versions.count
    else {
      let error = TemplateError(
        "no super block available for \"\(text(node.pointee.c).string)\"")
      error.locate(now.template, at: Int(node.pointee.offset))
      throw error
    }
    let start = out.count
    try run(block: versions[index + 1], "super", node.pointee.offset)
    now.slots[Int(node.pointee.b)] = try capture(from: start, safe: true)
  }

  // MARK: Other templates

  /// The template an expression names.
  func template(
    _ expression: Int32, ignoreMissing: Bool = false
  ) throws(TemplateError) -> Template {
    let value = try evaluate(expression)
    do throws(TemplateError) {
      guard let name = value.plainView?.string else {
        throw TemplateError("template names must be a string: \(try string(value))")
      }
      return try environment.template(name, from: now.template)
    } catch {
      // A failure to compile has its place in the other template already.
      if error.isLocated {
        error.chain.insert(now.template.place(position(expression), via: "load"), at: 0)
      } else {
        error.locate(now.template, at: position(expression))
      }
      throw error
    }
  }

  private func position(_ expression: Int32) -> Int {
    Int(now.nodes[Int(expression)].offset)
  }

  private func include(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    let included: Template
    do throws(TemplateError) {
      included = try template(node.pointee.a)
    } catch {
      if node.pointee.flag == 1, error.kind == .notFound, error.chain.count == 1 { return }
      throw error
    }
    let here = now.template
    var frame: Frame? = newFrame(parent: now.cell.frame)
    frame?.isolates = true
    frame?.isTopLevel = true
    let context = Context(copying: now.context)
    context.addBlocks(included)
    do throws(TemplateError) {
      try enter()
      try runRoot(included, context, frame ?? emptyFrame)
    } catch {
      error.locate(included, at: -1)
      error.chain.insert(here.place(position(node.pointee.a), via: "include"), at: 0)
      throw error
    }
    leave()
    retire(&frame)
  }

  /// Runs a template for what it exports.
  private func module(
    _ expression: Int32, withContext: Bool
  ) throws(TemplateError) -> Context {
    let imported = try template(expression)
    let here = now.template
    let context = withContext ? Context(copying: now.context) : Context(.undefined)
    context.exports = []
    context.addBlocks(imported)
    let frame = newFrame(parent: withContext ? now.cell.frame : nil)
    frame.isTopLevel = true
    let start = out.count
    do throws(TemplateError) {
      try enter()
      try runRoot(imported, context, frame)
    } catch {
      error.locate(imported, at: -1)
      error.chain.insert(here.place(position(expression), via: "import"), at: 0)
      throw error
    }
    leave()
    if out.isOver { throw outputError() }
    out.count = start
    return context
  }

  private func bind(
    _ slot: Int32, _ symbol: Int32, _ value: Value, inFrame: Bool
  ) {
    now.slots[Int(slot)] = value
    if inFrame { now.cell.frame.set(symbol, value) } else { now.context.set(symbol, value) }
  }

  private func importAll(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    let context = try module(node.pointee.a, withContext: node.pointee.flag & 1 != 0)
    let exports = TemplateMap(local: true)
    for symbol in context.exports ?? [] {
      exports.set(environment.symbolName(symbol), context.known(symbol) ?? .undefined)
    }
    bind(
      node.pointee.b, node.pointee.c, .map(exports), inFrame: node.pointee.flag & 2 != 0)
  }

  private func importNames(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    let context = try module(node.pointee.a, withContext: node.pointee.flag & 1 != 0)
    let list = now.lists + Int(node.pointee.b)
    for index in 0..<Int(list[0]) {
      let symbol = list[2 + index * 4]
      guard context.exports?.contains(symbol) == true else {
        let error = TemplateError("cannot import '\(text(list[1 + index * 4]).string)'")
        error.locate(now.template, at: Int(node.pointee.offset))
        throw error
      }
      bind(
        list[3 + index * 4], list[4 + index * 4], context.known(symbol) ?? .undefined,
        inFrame: node.pointee.flag & 2 != 0)
    }
  }

  // MARK: switch

  private func choose(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    let subject = try evaluate(node.pointee.a)
    let list = now.lists + Int(node.pointee.b)
    let count = Int(list[0])
    var matched = false
    for index in 0..<count {
      if !matched {
        matched = strictlyEqual(subject, try evaluate(list[1 + index * 3]))
      }
      if matched {
        try execute(list[2 + index * 3])
        if list[3 + index * 3] == 1 { return }
      }
    }
    let last = list[1 + count * 3]
    if last >= 0 { try execute(last) }
  }

  // MARK: Custom tags

  private func custom(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) {
    let use = now.template.customs[Int(node.pointee.a)]
    let list = now.lists + Int(node.pointee.b)
    let count = Int(list[0])
    let level = top
    for index in 0..<count { push(try evaluate(list[1 + index])) }
    let arguments = TemplateCall(renderer: self, base: stack + level, count: count)
    var bodies: [TagCall.Body] = []
    for (index, body) in use.bodies.enumerated() {
      bodies.append(.init(name: body.name, node: list[2 + count + index]))
    }
    let value: Value
    do throws(TemplateError) {
      let call = TagCall(call: arguments, bodies: bodies)
      // A tag with bodies runs again when the render does: what its bodies call is remembered, and
      // its own result would come between.
      value =
        bodies.isEmpty
        ? try external { try use.tag.run(call) } : try engine { try use.tag.run(call) }
      try print(value, node.pointee.offset)
    } catch {
      error.locate(now.template, at: Int(node.pointee.offset))
      throw error
    }
    dropStack(to: level)
  }

  @inline(__always)
  func push(_ value: consuming Value) {
    (stack + top).initialize(to: value)
    top &+= 1
  }
}
