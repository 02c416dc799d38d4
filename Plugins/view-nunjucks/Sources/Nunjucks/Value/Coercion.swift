import Glibc

extension TemplateValue {
  /// Whether `+` treats it as a number.
  @inline(__always)
  var isNumeric: Bool {
    switch self {
    case .undefined, .null, .bool, .number, .integer: true
    default: false
    }
  }

  /// Whether it is a JavaScript object: anything with an identity.
  var isObject: Bool {
    switch self {
    case .list, .map, .treeList, .treeMap, .object: true
    case .view, .text: isSafe
    default: false
    }
  }
}

extension Renderer {
  // MARK: To string

  /// Appends the string form, unescaped, to the output.
  func append(_ value: Value, depth: Int = 0) throws(TemplateError) {
    switch value {
    case .view(let view): out.append(view)
    case .text(let text): out.append(text.view)
    case .number(let number): out.append(number: number)
    case .integer(let integer):
      var text = String(integer)
      text.withUTF8 { if let start = $0.baseAddress { out.append(start, $0.count) } }
    case .undefined: out.append("undefined")
    case .null: out.append("null")
    case .bool(let bool): out.append(bool ? "true" : "false")
    case .list, .treeList: try append(list: value, separator: TextView(","), depth: depth)
    case .map, .treeMap:
      if let own = ownMember(value, TextView("toString")) {
        guard case .object(let function) = own, function.isCallable else {
          throw .type("the object's own \"toString\" is not a function")
        }
        if depth > 16 { throw .range("an object's toString returns objects without end") }
        try append(
          try invoke(function, TemplateCall(renderer: self, base: stack, count: 0)),
          depth: depth + 1)
      } else {
        out.append("[object Object]")
      }
    case .object(let object):
      var text = object.text
      text.withUTF8 { if let start = $0.baseAddress { out.append(start, $0.count) } }
    }
    if out.isOver { throw outputError() }
  }

  func append(list: Value, separator: TextView, depth: Int) throws(TemplateError) {
    if depth > 64 { return }
    var own: TemplateList?
    switch list {
    case .list(let owned): own = owned
    case .treeList(let base, _): own = thawed(base)
    default: break
    }
    if let own {
      // JavaScript prints nothing for a list inside itself.
      if joining.contains(where: { $0 === own }) { return }
      joining.append(own)
    }
    defer { if own != nil { joining.removeLast() } }
    let count = listCount(list)
    for index in 0..<count {
      if index > 0 { out.append(separator) }
      steps &-= 1
      if steps < 0 { throw stepError() }
      let item = listItem(list, index)
      if !item.isNothing { try append(item, depth: depth + 1) }
    }
  }

  /// The string form as text that lives as long as the render, or as the value.
  func textValue(_ value: Value) throws(TemplateError) -> Value {
    switch value {
    case .view, .text: return value
    default:
      let start = out.count
      try append(value)
      return try capture(from: start, safe: false)
    }
  }

  func string(_ value: Value) throws(TemplateError) -> String {
    let text = try textValue(value)
    defer { withExtendedLifetime(text) {} }
    return text.textView?.string ?? ""
  }

  // MARK: To number

  func number(_ value: Value) throws(TemplateError) -> Double {
    switch value {
    case .number(let number): return number
    case .integer(let integer): return Double(integer)
    case .undefined: return .nan
    case .null: return 0
    case .bool(let bool): return bool ? 1 : 0
    case .object(let object):
      if let time = object as? TemplateTime { return Double(time.milliseconds) }
      return .nan
    default:
      let text = try textValue(value)
      defer { withExtendedLifetime(text) {} }
      return text.textView.map(parseNumber) ?? .nan
    }
  }

  // MARK: Equality

  func strictlyEqual(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.number(let x), .number(let y)): return x == y
    case (.undefined, .undefined), (.null, .null): return true
    case (.bool(let x), .bool(let y)): return x == y
    case (.view, .view), (.view, .text), (.text, .view), (.text, .text):
      guard let x = left.textView, let y = right.textView else { return false }
      if x.isSafe || y.isSafe { return x.isSafe && y.isSafe && x.base == y.base }
      return x.equals(y)
    case (.list(let x), .list(let y)): return x === y
    case (.map(let x), .map(let y)): return x === y
    case (.object(let x), .object(let y)): return x === y
    case (.treeList(let x, _), .treeList(let y, _)): return x == y
    case (.treeMap(let x, _), .treeMap(let y, _)): return x == y
    case (.integer(let x), .integer(let y)): return x == y
    case (.integer(let x), .number(let y)), (.number(let y), .integer(let x)):
      return Double(x) == y
    default: return false
    }
  }

  func looselyEqual(_ left: Value, _ right: Value) throws(TemplateError) -> Bool {
    if left.isNothing || right.isNothing { return left.isNothing && right.isNothing }
    if left.isObject, right.isObject { return strictlyEqual(left, right) }
    if left.plainView != nil, right.plainView != nil { return strictlyEqual(left, right) }
    if left.isNumeric, right.isNumeric { return try number(left) == number(right) }
    // Objects become text; then text against a number compares as numbers.
    let x = left.isObject ? try primitive(left) : left
    let y = right.isObject ? try primitive(right) : right
    if let x = x.textView, let y = y.textView { return x.equals(y) }
    return try number(x) == number(y)
  }

  private func primitive(_ value: Value) throws(TemplateError) -> Value {
    try textValue(value).withoutMark
  }

  func compare(_ op: Op, _ left: Value, _ right: Value) throws(TemplateError) -> Bool {
    if case .number(let x) = left, case .number(let y) = right {
      switch op {
      case .looseEqual, .strictEqual: return x == y
      case .looseUnequal, .strictUnequal: return x != y
      case .less: return x < y
      case .lessEqual: return x <= y
      case .greater: return x > y
      default: return x >= y
      }
    }
    switch op {
    case .looseEqual: return try looselyEqual(left, right)
    case .looseUnequal: return try !looselyEqual(left, right)
    case .strictEqual: return strictlyEqual(left, right)
    case .strictUnequal: return !strictlyEqual(left, right)
    default: break
    }
    let a = left.isObject ? try primitive(left) : left
    let b = right.isObject ? try primitive(right) : right
    defer { withExtendedLifetime((a, b)) {} }
    if let x = a.textView, let y = b.textView {
      let order = compareUnits(x, y)
      switch op {
      case .less: return order < 0
      case .lessEqual: return order <= 0
      case .greater: return order > 0
      default: return order >= 0
      }
    }
    let x = try number(a)
    let y = try number(b)
    switch op {
    case .less: return x < y
    case .lessEqual: return x <= y
    case .greater: return x > y
    default: return x >= y
    }
  }

  // MARK: in

  func contains(_ key: Value, _ holder: Value) throws(TemplateError) -> Bool {
    switch holder {
    case .list, .treeList:
      for index in 0..<listCount(holder) where strictlyEqual(listItem(holder, index), key) {
        return true
      }
      return false
    case .view, .text:
      let text = try textValue(key)
      defer { withExtendedLifetime((text, holder)) {} }
      guard let needle = text.textView, let view = holder.textView else { return false }
      if view.isSafe {
        return needle.equals("val") || needle.equals("length") || isInherited(needle)
          || isMethod(.view(view.plain), needle)
      }
      return find(needle, in: view, from: 0) >= 0
    case .map, .treeMap:
      let text = try textValue(key)
      defer { withExtendedLifetime(text) {} }
      guard let name = text.textView else { return false }
      return ownMember(holder, name) != nil || isInherited(name)
    case .object(let object) where !object.isCallable:
      let text = try textValue(key)
      defer { withExtendedLifetime(text) {} }
      guard let name = text.textView else { return false }
      if object.keys.contains(name.string) || isInherited(name) { return true }
      return try external { .bool(try object.has(name)) }.isTruthy
    default:
      throw TemplateError(
        "Cannot use \"in\" operator to search for \"\(try string(key))\" in unexpected types.")
    }
  }

  /// The byte position of `needle`, or -1.
  func find(_ needle: TextView, in hay: TextView, from: Int) -> Int {
    if needle.count == 0 { return from }
    if from + needle.count > hay.count { return -1 }
    let first = Int32(needle.base[0])
    var at = from
    let last = hay.count - needle.count
    while at <= last, let hit = memchr(hay.base + at, first, last - at + 1) {
      at = UnsafeRawPointer(hit) - UnsafeRawPointer(hay.base)
      if memcmp(hay.base + at, needle.base, needle.count) == 0 { return at }
      at += 1
    }
    return -1
  }
}

extension TemplateError {
  static func range(_ cause: String) -> TemplateError { TemplateError(cause, kind: .range) }
}

/// The order of two texts by UTF-16 code units, which is that of the bytes except where characters
/// beyond U+FFFF meet those from U+E000 on.
func compareUnits(_ left: TextView, _ right: TextView) -> Int {
  let shorter = min(left.count, right.count)
  for index in 0..<shorter {
    let a = left.base[index]
    let b = right.base[index]
    if a == b { continue }
    if (a >= 0xF0) != (b >= 0xF0), a >= 0xEE, b >= 0xEE { return a >= 0xF0 ? -1 : 1 }
    return a < b ? -1 : 1
  }
  return left.count - right.count
}
