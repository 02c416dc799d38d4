/// The Python-like methods and slices of `installJinjaCompat`.
extension Renderer {
  private static let listNames: Set<String> = [
    "pop", "append", "remove", "count", "index", "find", "insert",
  ]
  private static let mapNames: Set<String> = [
    "items", "values", "keys", "get", "has_key", "pop", "popitem", "setdefault", "update",
    "iteritems", "itervalues", "iterkeys",
  ]

  /// Whether `value` gets a method by that name. What is false in a condition counts as an empty map,
  /// text that is marked safe as one of its two members.
  func isJinjaMethod(_ value: Value, _ name: TextView) -> Bool {
    switch value {
    case .list, .treeList: Renderer.listNames.contains(name.string)
    case .map, .treeMap: Renderer.mapNames.contains(name.string)
    default:
      (!value.isTruthy || value.isSafe) && Renderer.mapNames.contains(name.string)
    }
  }

  func jinjaMethod(
    _ target: Value, _ name: TextView, _ call: TemplateCall
  ) throws(TemplateError) -> Value? {
    guard isJinjaMethod(target, name) else { return nil }
    switch target {
    case .list, .treeList: return try jinjaList(target, name.string, call)
    case .map, .treeMap: return try jinjaMap(target, name.string, call)
    default:
      let map = TemplateMap(local: true)
      if target.isSafe {
        for (key, value) in try entries(target) {
          if let key = key.textView { map.set(key, value) }
        }
      }
      return try jinjaMap(.map(map), name.string, call)
    }
  }

  private func keyError() -> TemplateError { TemplateError("KeyError") }
  private func valueError() -> TemplateError { TemplateError("ValueError") }

  private func jinjaList(
    _ target: Value, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value {
    let list = try mutable(target)
    func position(_ element: Value) -> Int? {
      list.items.firstIndex { strictlyEqual($0, element) }
    }
    switch name {
    case "pop":
      if call[0].isUndefined { return list.items.popLast() ?? .undefined }
      let index = clampedInteger(try number(call[0]))
      if index >= list.items.count || index < 0 { throw keyError() }
      return .list(TemplateList(local: [list.items.remove(at: index)]))
    case "append":
      try charge(16)
      list.items.append(list.storable(call[0]))
      return .number(Double(list.items.count))
    case "remove":
      guard let index = position(call[0]) else { throw valueError() }
      return .list(TemplateList(local: [list.items.remove(at: index)]))
    case "count":
      return .number(Double(list.items.count { strictlyEqual($0, call[0]) }))
    case "index":
      guard let index = position(call[0]) else { throw valueError() }
      return .number(Double(index))
    case "find": return .number(Double(position(call[0]) ?? -1))
    default:
      let index = try relative(call[0], list.items.count, default: 0)
      try charge(16)
      list.items.insert(list.storable(call[1]), at: index)
      return .list(TemplateList(local: []))
    }
  }

  private func jinjaMap(
    _ target: Value, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value {
    let entries = try entries(target)
    switch name {
    case "items", "iteritems":
      return .list(
        TemplateList(local: entries.map { .list(TemplateList(local: [$0.key, $0.value])) }))
    case "values", "itervalues": return .list(TemplateList(local: entries.map(\.value)))
    case "keys", "iterkeys": return .list(TemplateList(local: entries.map(\.key)))
    default: break
    }
    let key = try textValue(call[0])
    defer { withExtendedLifetime(key) {} }
    let view = key.textView ?? TextView("")
    if name == "get" {
      let found = ownMember(target, view) ?? .undefined
      return found.isUndefined ? call[1] : found
    }
    if name == "has_key" { return .bool(ownMember(target, view) != nil) }
    guard case .map(let map) = target else {
      throw TemplateError("this object cannot be changed by a template")
    }
    switch name {
    case "pop":
      if let removed = map.remove(view) { return removed }
      if call[1].isUndefined { throw keyError() }
      return call[1]
    case "popitem":
      guard let first = map.keys.first else { throw keyError() }
      let value = map.remove(first.view) ?? .undefined
      return .list(TemplateList(local: [.text(first), value]))
    case "setdefault":
      if let found = map.get(view), !found.isUndefined { return found }
      try charge(view.count + 48)
      map.set(view, map.storable(call[1]))
      return call[1]
    default:
      for (key, value) in try self.entries(call[0]) {
        if let name = key.textView { map.set(name, map.storable(value)) }
      }
      return .null
    }
  }

  /// `x[start:stop:step]`; the result is always a list.
  func slice(
    _ value: Value, _ from: Value, _ to: Value, _ by: Value
  ) throws(TemplateError) -> Value {
    let items: [Value]
    switch value {
    case .view, .text: items = try characters(value.textView ?? TextView(""), byPoint: false)
    default: items = try elements(value)
    }
    let count = Double(items.count)
    let step = by.isNothing ? 1 : try number(by)
    var start: Double
    var stop: Double
    start = from.isNothing ? (step < 0 ? count - 1 : 0) : try number(from)
    if to.isNothing {
      stop = step < 0 ? -1 : count
    } else {
      stop = try number(to)
      if stop < 0 { stop += count }
    }
    if start < 0 { start += count }
    if step == 0 || step.isNaN || start.isNaN { throw .range("the step of a slice must not be 0") }
    var result: [Value] = []
    var at = start
    while true {
      if at < 0 || at > count { break }
      if step > 0, at >= stop { break }
      if step < 0, at <= stop { break }
      let index = Int(at)
      result.append(index < items.count && Double(index) == at ? items[index] : .undefined)
      at += step
    }
    return .list(TemplateList(local: result))
  }
}
