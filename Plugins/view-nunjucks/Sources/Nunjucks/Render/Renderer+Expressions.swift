import Glibc

extension Renderer {
  /// The value of an expression; variables and members of borrowed data, which most are, without a
  /// call of ``evaluate(_:)``.
  @inline(__always)
  func operand(_ index: Int32) throws(TemplateError) -> Value {
    let node = now.nodes + Int(index)
    switch node.pointee.op {
    case .constant: return now.constants[Int(node.pointee.a)]
    case .slot: return now.slots[Int(node.pointee.a)]
    case .member:
      if let found = borrowedMember(node) { return loaded(found) }
    default: break
    }
    return try evaluate(index)
  }

  /// A member of borrowed data that a variable holds, read where it lies.
  ///
  /// - Returns: nil if the object is something else or has no such member.
  @inline(never)
  private func borrowedMember(_ node: UnsafeMutablePointer<Node>) -> UnsafePointer<TreeNode>? {
    let target = now.nodes + Int(node.pointee.a)
    let holder: UnsafeMutablePointer<Value>
    switch target.pointee.op {
    case .slot: holder = now.slots + Int(target.pointee.a)
    case .name:
      if let found = Variables.find(now.scope.pointee, target.pointee.a) {
        holder = found
      } else if let known = now.table.pointee.known(target.pointee.a) {
        holder = known
      } else {
        return nil
      }
    default: return nil
    }
    guard case .treeMap(let base, let count) = holder.pointee, !jinjaCompat,
      case .view(let key) = now.constants[Int(node.pointee.b)]
    else { return nil }
    return treeLookup(base, Int(count), key)
  }

  /// The value of an expression.
  func evaluate(_ index: Int32) throws(TemplateError) -> Value {
    let node = now.nodes + Int(index)
    switch node.pointee.op {
    case .constant: return now.constants[Int(node.pointee.a)]
    case .slot: return now.slots[Int(node.pointee.a)]
    case .name: return resolve(node.pointee.a, node.pointee.b)
    case .member:
      if let found = borrowedMember(node) { return loaded(found) }
      let target = try evaluate(node.pointee.a)
      if !jinjaCompat, case .treeMap(let base, let count) = target,
        let constant = now.constants[Int(node.pointee.b)].textView,
        let found = treeLookup(base, Int(count), constant)
      {
        return loaded(found)
      }
      return try located(node.pointee.offset) { () throws(TemplateError) in
        try member(target, text(node.pointee.b))
      }
    case .index:
      let target = try evaluate(node.pointee.a)
      let key = try evaluate(node.pointee.b)
      return try located(node.pointee.offset) { () throws(TemplateError) in
        try self.index(target, key)
      }
    case .call: return try call(index, prints: false) ?? .undefined
    case .filter: return try filter(node)
    case .test: return .bool(try test(node))
    case .loopField:
      guard case .number(let index) = now.slots[Int(node.pointee.a)],
        case .number(let length) = now.slots[Int(node.pointee.a) &+ 1]
      else { return .undefined }
      return LoopObject.field(Int(node.pointee.b), Int(index), Int(length))
    case .add, .subtract, .multiply, .divide, .modulo: return try arithmetic(node)
    case .concat:
      let left = try evaluate(node.pointee.a)
      return try concatenate(left, try evaluate(node.pointee.b))
    case .power:
      let left = try number(try evaluate(node.pointee.a))
      return .number(javaScriptPower(left, try number(try evaluate(node.pointee.b))))
    case .floorDivide:
      return .number(try number(try evaluate(node.pointee.a)).rounded(.down))
    case .negative: return .number(-(try number(try evaluate(node.pointee.a))))
    case .positive: return .number(try number(try evaluate(node.pointee.a)))
    case .not: return .bool(try !isTrue(node.pointee.a))
    case .and:
      let left = try evaluate(node.pointee.a)
      return left.isTruthy ? try evaluate(node.pointee.b) : left
    case .or:
      let left = try evaluate(node.pointee.a)
      return left.isTruthy ? left : try evaluate(node.pointee.b)
    case .looseEqual, .looseUnequal, .strictEqual, .strictUnequal, .less, .lessEqual, .greater,
      .greaterEqual:
      let left = try operand(node.pointee.a)
      let right = try operand(node.pointee.b)
      return .bool(try compare(node.pointee.op, left, right))
    case .inlineIf:
      return try evaluate(try isTrue(node.pointee.a) ? node.pointee.b : node.pointee.c)
    default: return try evaluateRest(node)
    }
  }

  @inline(never)
  private func evaluateRest(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) -> Value {
    let offset = node.pointee.offset
    switch node.pointee.op {
    case .filterMissing:
      throw located(TemplateError("filter not found: \(text(node.pointee.a).string)"), offset)
    case .testMissing:
      throw located(TemplateError("test not found: \(text(node.pointee.a).string)"), offset)
    case .contains:
      let left = try evaluate(node.pointee.a)
      let right = try evaluate(node.pointee.b)
      return try located(offset) { () throws(TemplateError) in
        .bool(try contains(left, right))
      }
    case .list:
      let list = now.lists + Int(node.pointee.a)
      try charge(Int(node.pointee.b) * 16 + 64)
      var items: [Value] = []
      items.reserveCapacity(Int(node.pointee.b))
      for position in 0..<Int(node.pointee.b) { items.append(try evaluate(list[position])) }
      return .list(TemplateList(local: items))
    case .dict, .keywords: return .map(try map(node))
    case .group:
      let list = now.lists + Int(node.pointee.a)
      var last = Value.undefined
      for position in 0..<Int(node.pointee.b) { last = try evaluate(list[position]) }
      return last
    case .regex:
      guard case .object(let object) = now.constants[Int(node.pointee.a)],
        let regex = object as? TemplateRegex
      else { return .undefined }
      return .object(TemplateRegex(regex.regex))
    case .caller:
      return .object(
        MacroFunction(
          now.template.functions[Int(node.pointee.a)], now.cell, now.context, slots: now.slots,
          run: now.run, runDepth: now.runDepth))
    case .capture:
      let start = out.count
      try execute(node.pointee.a)
      return try capture(from: start, safe: false)
    case .unbound:
      throw located(
        TemplateError(
          "\"\(text(node.pointee.a).string)\" was made in an inner part of the template and does "
            + "not exist here", kind: .reference), offset)
    case .slice:
      let list = now.lists + Int(node.pointee.b)
      let value = try evaluate(node.pointee.a)
      let from = try evaluate(list[0])
      let to = try evaluate(list[1])
      let by = try evaluate(list[2])
      return try located(offset) { () throws(TemplateError) in
        try slice(value, from, to, by)
      }
    default: return .undefined
    }
  }

  private func map(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) -> TemplateMap {
    let list = now.lists + Int(node.pointee.a)
    try charge(Int(node.pointee.b) * 32 + 128)
    let map = TemplateMap(local: true)
    for pair in 0..<Int(node.pointee.b) {
      let value = try evaluate(list[pair * 2 + 1])
      map.set(text(list[pair * 2]), value)
    }
    if node.pointee.op == .keywords { map.set("__keywords", .bool(true)) }
    return map
  }

  // MARK: Errors with a place

  func located(_ error: TemplateError, _ offset: Int32) -> TemplateError {
    error.locate(now.template, at: Int(offset))
    return error
  }

  @inline(__always)
  func located(
    _ offset: Int32, _ body: () throws(TemplateError) -> Value
  ) throws(TemplateError) -> Value {
    do throws(TemplateError) { return try body() } catch { throw located(error, offset) }
  }

  // MARK: Names

  @inline(__always)
  func resolve(_ symbol: Int32, _ name: Int32) -> Value {
    if let found = Variables.find(now.scope.pointee, symbol) { return found.pointee }
    if let known = now.table.pointee.known(symbol) { return known.pointee }
    return resolveInContext(symbol, name)
  }

  @inline(never)
  private func resolveInContext(_ symbol: Int32, _ name: Int32) -> Value {
    let key = text(name)
    let base = now.contextBase
    var value = Value.undefined
    if let found = ownMember(base, key) {
      value = found
    } else if case .object(let object) = base,
      let found = try? external({ try object.member(key) }), !found.isUndefined
    {
      value = found
    } else if isInherited(key) {
      value = inherited(base, key)
    } else if let global = environment.global(key.string) {
      value = global
    }
    if jinjaCompat, value.isUndefined {
      if key.equals("True") { value = .bool(true) }
      if key.equals("False") { value = .bool(false) }
      if key.equals("None") { value = .null }
    }
    now.table.pointee.set(symbol, value)
    return value
  }

  @inline(__always)
  func treeLookup(
    _ base: UnsafePointer<TreeEntry>, _ count: Int, _ key: TextView
  ) -> UnsafePointer<TreeNode>? {
    let length = Int(key.length)
    var entry = base
    let end = base + count
    while entry < end {
      if entry.pointee.keyCount == length, let name = entry.pointee.key,
        sameBytes(name, key.base, length)
      {
        return (UnsafeRawPointer(entry) + 16).assumingMemoryBound(to: TreeNode.self)
      }
      entry += 1
    }
    return nil
  }

  /// A tree node as a value; lists a template has changed are replaced by their copies.
  @inline(__always)
  func loaded(_ node: UnsafePointer<TreeNode>) -> Value {
    if node.pointee.kind == TreeNode.object { return loadedObject(node) }
    let value = Value(node, nil)
    if !hasThawed { return value }
    if case .treeList(let base, _) = value, let copy = thawed(base) { return .list(copy) }
    return value
  }

  @inline(never)
  private func loadedObject(_ node: UnsafePointer<TreeNode>) -> Value {
    Value(node, adapter ?? environment.adapter)
  }

  // MARK: Arithmetic

  @inline(__always)
  private func arithmetic(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) -> Value {
    let left = try operand(node.pointee.a)
    let right = try operand(node.pointee.b)
    if case .number(let x) = left, case .number(let y) = right {
      switch node.pointee.op {
      case .add: return .number(x + y)
      case .subtract: return .number(x - y)
      case .multiply: return .number(x * y)
      case .divide: return .number(x / y)
      default: return .number(javaScriptRemainder(x, y))
      }
    }
    return try arithmetic(node.pointee.op, left, right)
  }

  @inline(never)
  private func arithmetic(
    _ op: Op, _ left: Value, _ right: Value
  ) throws(TemplateError) -> Value {
    if op == .add { return try plus(left, right) }
    let x = try number(left)
    let y = try number(right)
    switch op {
    case .subtract: return .number(x - y)
    case .multiply: return .number(x * y)
    case .divide: return .number(x / y)
    default: return .number(javaScriptRemainder(x, y))
    }
  }

  /// JavaScript's `+`.
  func plus(_ left: Value, _ right: Value) throws(TemplateError) -> Value {
    if left.isNumeric, right.isNumeric {
      return .number(try number(left) + (try number(right)))
    }
    return try concatenate(left, right)
  }

  func concatenate(_ left: Value, _ right: Value) throws(TemplateError) -> Value {
    let start = out.count
    try append(left)
    let middle = out.count
    try append(right)
    joinSurrogates(start, middle)
    return try capture(from: start, safe: false)
  }

  /// Halves of a surrogate pair that meet become one character.
  private func joinSurrogates(_ start: Int, _ middle: Int) {
    if middle &- start >= 3, out.count &- middle >= 3, !out.isOver, out.base[middle] == 0xED,
      out.base[middle + 1] >= 0xB0, out.base[middle - 3] == 0xED, out.base[middle - 2] >= 0xA0,
      out.base[middle - 2] < 0xB0
    {
      let view = TextView(out.base + start, count: out.count - start)
      let units = view.units
      out.count = start
      appendUnits(units)
    }
  }

  // MARK: Filters and tests

  private func filter(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) -> Value {
    let level = top
    let list = now.lists + Int(node.pointee.b)
    let count = Int(node.pointee.c)
    if top &+ count &+ 8 > Renderer.stackCapacity { throw .limit("expressions nest too deep") }
    for position in 0..<count { push(try operand(list[position])) }
    steps &-= 1
    let call = TemplateCall(renderer: self, base: stack + level, count: count)
    let result: Value
    do throws(TemplateError) {
      if steps < 0 { throw stepError() }
      result = try now.filters[Int(node.pointee.a)](self, call)
    } catch { throw located(error, node.pointee.offset) }
    dropStack(to: level)
    return result
  }

  private func test(_ node: UnsafeMutablePointer<Node>) throws(TemplateError) -> Bool {
    let level = top
    let list = now.lists + Int(node.pointee.b)
    let count = Int(node.pointee.c)
    if top &+ count &+ 8 > Renderer.stackCapacity { throw .limit("expressions nest too deep") }
    for position in 0..<count { push(try evaluate(list[position])) }
    let call = TemplateCall(renderer: self, base: stack + level, count: count)
    let result: Bool
    do throws(TemplateError) {
      result = try now.tests[Int(node.pointee.a)].apply(call)
    } catch { throw located(error, node.pointee.offset) }
    dropStack(to: level)
    return result
  }
}

/// `%` keeps the sign of the left side.
@inline(__always)
func javaScriptRemainder(_ x: Double, _ y: Double) -> Double {
  if x >= 0, y > 0, x < 9e15, y < 9e15 {
    let left = Int(x)
    let right = Int(y)
    if Double(left) == x, Double(right) == y, right != 0 { return Double(left % right) }
  }
  return fmod(x, y)
}

func javaScriptPower(_ x: Double, _ y: Double) -> Double {
  if y.isNaN { return .nan }
  if x.magnitude == 1, y.isInfinite { return .nan }
  return pow(x, y)
}
