import Egg
import EggTemplateValues
import Glibc
import Nunjucks
import PluginABI

/// Values between the kernel and templates. Neither way copies text.
nonisolated extension NunjucksEngine {
  /// What a unit answered, as templates see it; lives as long as the call.
  func lifted(_ value: egg_value) -> TemplateValue {
    withUnsafePointer(to: value) {
      $0.withMemoryRebound(to: TreeNode.self, capacity: 1) {
        TemplateValue(tree: $0, adapter: environment?.adapter)
      }
    }
  }

  /// A template's value for a unit; borrowed from it and from the call's memory.
  func lowered(_ value: TemplateValue, depth: Int) -> egg_value {
    guard depth < 64 else { return egg_value() }
    if let text = value.textView {
      var result = egg_value(text: text.bytes)
      if text.isSafe { result.flags = UInt8(EGG_VALUE_SAFE) }
      return result
    }
    var result = egg_value()
    switch value {
    case .null: result.kind = egg_kind(EGG_NULL)
    case .bool(let bool):
      result.kind = egg_kind(EGG_BOOL)
      result.as.boolean = bool
    case .integer(let integer): result = egg_value(integer: Int(integer))
    case .number(let number):
      if let integer = Int(exactly: number), integer.magnitude <= 1 << 53 {
        return egg_value(integer: integer)
      }
      result.kind = egg_kind(EGG_DOUBLE)
      result.as.number = number
    case .treeList(let base, let count):
      result.kind = egg_kind(EGG_LIST)
      result.count = count
      result.as.items = UnsafeRawPointer(base).assumingMemoryBound(to: egg_value.self)
    case .treeMap(let base, let count):
      result.kind = egg_kind(EGG_MAP)
      result.count = count
      result.as.pairs = UnsafeRawPointer(base).assumingMemoryBound(to: egg_pair.self)
    case .list(let list): return lowered(list: list.items, depth)
    case .map(let map): return lowered(map: map.entries, depth)
    case .object(let object as ForeignTemplateObject):
      result.kind = egg_kind(EGG_OBJECT)
      result.as.object = object.pointer
    case .object(let object) where !object.isCallable: return copied(object.text)
    default: break
    }
    return result
  }

  private func lowered(list: [TemplateValue], _ depth: Int) -> egg_value {
    guard let items = memory(egg_value.self, list.count) else { return egg_value() }
    for (place, item) in list.enumerated() { items[place] = lowered(item, depth: depth + 1) }
    var result = egg_value()
    result.kind = egg_kind(EGG_LIST)
    result.count = UInt32(clamping: list.count)
    result.as.items = UnsafePointer(items)
    return result
  }

  private func lowered(map: [(String, TemplateValue)], _ depth: Int) -> egg_value {
    // Keyword arguments are marked by a member of that name.
    let entries = map.filter { $0.0 != "__keywords" }
    guard let pairs = memory(egg_pair.self, entries.count) else { return egg_value() }
    for (place, (key, value)) in entries.enumerated() {
      pairs[place] = egg_pair(key: copied(key).text, value: lowered(value, depth: depth + 1))
    }
    var result = egg_value()
    result.kind = egg_kind(EGG_MAP)
    result.count = UInt32(clamping: entries.count)
    result.as.pairs = UnsafePointer(pairs)
    return result
  }

  /// Text in the call's memory.
  func copied(_ text: String) -> egg_value {
    let count = text.utf8.count
    guard let bytes = memory(UInt8.self, count) else { return egg_value() }
    _ = UnsafeMutableBufferPointer(start: bytes, count: count).update(from: text.utf8)
    return egg_value(text: UnsafeBufferPointer(start: bytes, count: count))
  }

  /// Room in the call's memory; nil when that is used up.
  private func memory<T>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T>? {
    let size = max(1, count) * MemoryLayout<T>.stride
    return host.pointee.alloc(host, call, size, MemoryLayout<T>.alignment)?
      .bindMemory(to: type, capacity: max(1, count))
  }
}

/// An owned copy of an application's value.
func templateValue(_ value: Value) -> TemplateValue {
  switch value {
  case .undefined, .reference: .undefined
  case .null: .null
  case .boolean(let value): .bool(value)
  case .integer(let value), .moment(let value):
    value.magnitude <= 1 << 53 ? .number(Double(value)) : .integer(Int64(value))
  case .number(let value): .number(value)
  case .text(let text): TemplateValue(text)
  case .markup(let text): TemplateValue(text, safe: true)
  case .data(let bytes): TemplateValue(String(decoding: bytes, as: UTF8.self))
  case .list(let items): .list(TemplateList(items.map(templateValue)))
  case .map(let members): templateValue(members)
  }
}

private func templateValue(_ members: ValueMap) -> TemplateValue {
  let map = TemplateMap()
  for (key, value) in members { map.set(key, templateValue(value)) }
  return .map(map)
}
