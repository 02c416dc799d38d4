import PluginABI

nonisolated extension Setting {
  /// Copies a value of the kernel's. Kinds that no configuration file has are `.none`.
  init(_ value: egg_value, depth: Int = 0) {
    guard depth < 8 else {
      self = .none
      return
    }
    switch Int(value.kind) {
    case EGG_BOOL: self = .boolean(value.as.boolean)
    case EGG_INT: self = .number(Double(value.as.integer))
    case EGG_DOUBLE: self = .number(value.as.number)
    case EGG_STRING: self = .text(copied(value.as.string, Int(value.count)))
    case EGG_LIST:
      let items = UnsafeBufferPointer(start: value.as.items, count: Int(value.count))
      self = .list(items.map { Setting($0, depth: depth + 1) })
    case EGG_MAP:
      let pairs = UnsafeBufferPointer(start: value.as.pairs, count: Int(value.count))
      var members: [String: Setting] = [:]
      for pair in pairs {
        members[copied(pair.key.ptr, pair.key.len)] = Setting(pair.value, depth: depth + 1)
      }
      self = .map(members)
    default: self = .none
    }
  }
}

private nonisolated func copied(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
  guard let start, count > 0 else { return "" }
  return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
}
