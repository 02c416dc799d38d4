import PluginABI

/// Configuration as the trees that units read, in memory that is never freed.
extension ConfigValue {
  func tree(in arena: inout Arena) -> egg_value {
    switch self {
    case .null: return .null
    case .bool(let flag): return egg_value(flag)
    case .int(let number): return egg_value(number)
    case .double(let number): return egg_value(number)
    case .string(let text): return egg_value(ConfigValue.copy(text, &arena))
    case .array(let items):
      guard let copies = arena.array(of: egg_value.self, count: max(1, items.count)) else {
        return .undefined
      }
      for (index, item) in items.enumerated() { copies[index] = item.tree(in: &arena) }
      return egg_value(items: copies, count: items.count)
    case .object(let object):
      guard let pairs = arena.array(of: egg_pair.self, count: max(1, object.count)) else {
        return .undefined
      }
      for (index, (key, value)) in object.enumerated() {
        pairs[index].key = ConfigValue.copy(key, &arena)
        pairs[index].value = value.tree(in: &arena)
      }
      return egg_value(pairs: pairs, count: object.count)
    }
  }

  private static func copy(_ text: String, _ arena: inout Arena) -> egg_str {
    var text = text
    return text.withUTF8 { bytes in arena.copy(bytes).map { egg_str($0) } ?? egg_str() }
  }

  /// A unit's tree as configuration; nil for what a configuration can't hold.
  init?(_ value: egg_value, depth: Int = 0) {
    guard depth < 128 else { return nil }
    switch value.kind {
    case Kind.null: self = .null
    case Kind.bool: self = .bool(value.as.boolean)
    case Kind.int, Kind.time: self = .int(value.as.integer)
    case Kind.double: self = .double(value.as.number)
    case Kind.string:
      guard value.text.isPlausible else { return nil }
      self = .string(value.text.string)
    case Kind.list:
      guard value.count == 0 || value.as.items != nil else { return nil }
      var items: [ConfigValue] = []
      for index in 0..<Int(value.count) {
        guard let item = ConfigValue(value.as.items![index], depth: depth + 1) else { return nil }
        items.append(item)
      }
      self = .array(items)
    case Kind.map:
      guard value.count == 0 || value.as.pairs != nil else { return nil }
      var object = ConfigObject()
      for index in 0..<Int(value.count) {
        let pair = value.as.pairs![index]
        guard pair.key.isPlausible, let member = ConfigValue(pair.value, depth: depth + 1) else {
          return nil
        }
        object[pair.key.string] = member
      }
      self = .object(object)
    default: return nil
    }
  }
}
