extension Renderer {
  // MARK: Lists of either family

  @inline(__always)
  func listCount(_ value: Value) -> Int {
    switch value {
    case .list(let list): list.items.count
    case .treeList(let base, let count):
      thawed(base)?.items.count ?? Int(count)
    default: 0
    }
  }

  @inline(__always)
  func listItem(_ value: Value, _ index: Int) -> Value {
    switch value {
    case .list(let list): return index < list.items.count ? list.items[index] : .undefined
    case .treeList(let base, let count):
      if let copy = thawed(base) {
        return index < copy.items.count ? copy.items[index] : .undefined
      }
      return index < Int(count) ? loaded(base + index) : .undefined
    default: return .undefined
    }
  }

  /// All items of a list; for anything else nothing.
  func elements(_ value: Value) throws(TemplateError) -> [Value] {
    let count = listCount(value)
    try charge(count &* 16)
    switch value {
    case .list(let list): return list.items
    default: return (0..<count).map { listItem(value, $0) }
    }
  }

  /// A list that may be changed: a borrowed one is copied once per render and found again.
  func mutable(_ value: Value) throws(TemplateError) -> TemplateList {
    switch value {
    case .list(let list): return list
    case .treeList(let base, let count):
      if let copy = thawed(base) { return copy }
      try charge(Int(count) &* 16)
      let copy = TemplateList(local: (0..<Int(count)).map { loaded(base + $0) })
      noteThawed(base, copy)
      return copy
    default: return TemplateList(local: [])
    }
  }

  // MARK: Members

  /// A property the value itself has; nil if it has not (inherited ones do not count).
  func ownMember(_ value: Value, _ name: TextView) -> Value? {
    switch value {
    case .treeMap(let base, let count): treeLookup(base, Int(count), name).map(loaded)
    case .map(let map): map.get(name)
    case .list, .treeList:
      if name.equals("length") {
        .number(Double(listCount(value)))
      } else if let index = arrayIndex(name), index < listCount(value) {
        listItem(value, index)
      } else {
        nil
      }
    case .view, .text:
      value.textView.flatMap { view -> Value? in
        if name.equals("length") { return .number(Double(view.utf16Count)) }
        if view.isSafe { return name.equals("val") ? value.withoutMark : nil }
        return arrayIndex(name).flatMap { unit(view, $0) }
      }
    default: nil
    }
  }

  /// One code unit of a text.
  func unit(_ view: TextView, _ index: Int) -> Value? {
    if index < 0 { return nil }
    if view.isASCII {
      if index >= view.count { return nil }
      let copy = arena.allocate(1)
      copy.pointee = view.base[index]
      return .view(TextView(base: copy, length: 1, flags: TextView.ascii))
    }
    let units = view.units
    return index < units.count ? try? makeText(units: CollectionOfOne(units[index])) : nil
  }

  /// JavaScript's property read; undefined and null have no members.
  func member(_ value: Value, _ name: TextView) throws(TemplateError) -> Value {
    if jinjaCompat, isJinjaMethod(value, name) { return .object(BoundMethod(value, name)) }
    if value.isNothing { return .undefined }
    if case .object(let object) = value {
      if object is LoopObject || object is BuiltinObject || object is BoundMethod {
        let found = try engine { try object.member(name) }
        if !found.isUndefined { return found }
      } else {
        let found = try external { try object.member(name) }
        if !found.isUndefined { return found }
      }
    } else if let own = ownMember(value, name) {
      return own
    }
    if case .object(let function) = value, function.isCallable, name.equals("length") {
      return .number(0)
    }
    if isMethod(value, name) { return .object(BoundMethod(value, name)) }
    return isInherited(name) ? inherited(value, name) : .undefined
  }

  /// What a value has of every JavaScript object; the prototype of a record is a record.
  func inherited(_ value: Value, _ name: TextView) -> Value {
    switch value {
    case .map, .treeMap:
      if name.equals("__proto__") { return .map(TemplateMap(local: true)) }
    default: break
    }
    return .object(BoundMethod(value, name))
  }

  func index(_ value: Value, _ key: Value) throws(TemplateError) -> Value {
    if value.isNothing { return .undefined }
    if case .number(let number) = key {
      let index = Int(Int64(exactlyOrZero: number))
      if Double(index) == number, index >= 0 {
        switch value {
        case .list, .treeList:
          return index < listCount(value) ? listItem(value, index) : .undefined
        case .view, .text:
          guard let view = value.textView, !view.isSafe else { return .undefined }
          return unit(view, index) ?? .undefined
        default: break
        }
      }
    }
    let text = try textValue(key)
    defer { withExtendedLifetime((text, value)) {} }
    return try member(value, text.textView ?? TextView(""))
  }

  /// The keys and values a loop over the value visits, in JavaScript's order.
  func entries(_ value: Value) throws(TemplateError) -> [(key: Value, value: Value)] {
    switch value {
    case .map(let map):
      try charge(map.count &* 32)
      return zip(map.keys, map.values).map { (.text($0), $1) }
    case .treeMap(let base, let count):
      try charge(Int(count) &* 32)
      var result: [(key: Value, value: Value)] = []
      var numbered: [(Int, Value, Value)] = []
      for index in 0..<Int(count) {
        let name = base[index].name
        let node = (UnsafeRawPointer(base + index) + 16).assumingMemoryBound(to: TreeNode.self)
        if let number = arrayIndex(name) {
          numbered.append((number, .view(name), loaded(node)))
        } else {
          result.append((.view(name), loaded(node)))
        }
      }
      if numbered.isEmpty { return result }
      numbered.sort { $0.0 < $1.0 }
      return numbered.map { ($0.1, $0.2) } + result
    case .list, .treeList:
      var result: [(key: Value, value: Value)] = []
      for (index, item) in try elements(value).enumerated() {
        result.append((try makeText(String(index)), item))
      }
      return result
    case .view, .text:
      if value.isSafe {
        let length = Double(value.textView?.utf16Count ?? 0)
        return [
          (.view(TextView("val")), value.withoutMark), (.view(TextView("length")), .number(length)),
        ]
      }
      var result: [(key: Value, value: Value)] = []
      guard let view = value.textView else { return [] }
      for (index, item) in try characters(view, byPoint: false).enumerated() {
        result.append((try makeText(String(index)), item))
      }
      return result
    case .object(let object):
      var result: [(key: Value, value: Value)] = []
      for key in object.keys {
        let name = try makeText(key)
        result.append((name, try member(value, name.textView ?? TextView(""))))
      }
      return result
    default: return []
    }
  }

  /// Members every JavaScript object inherits.
  func isInherited(_ name: TextView) -> Bool {
    switch name.count {
    case 7: name.equals("valueOf")
    case 8: name.equals("toString")
    case 9: name.equals("__proto__")
    case 11: name.equals("constructor")
    case 13: name.equals("isPrototypeOf")
    case 14: name.equals("hasOwnProperty") || name.equals("toLocaleString")
    case 20: name.equals("propertyIsEnumerable")
    default: false
    }
  }
}

/// An object of the engine itself (`cycler`, a regular expression): reading it needs no record.
class BuiltinObject: TemplateObject {}
