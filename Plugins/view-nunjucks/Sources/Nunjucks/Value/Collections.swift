import Glibc

/// A list that templates may change in place (`push`, `sort`, …), shared by reference.
public final class TemplateList {
  public var items: [TemplateValue]
  /// True for lists made while rendering: they may hold borrowed values, the caller's must not.
  let isLocal: Bool

  public init(_ items: [TemplateValue] = []) {
    self.items = items
    isLocal = false
  }

  init(local items: [TemplateValue]) {
    self.items = items
    isLocal = true
  }

  deinit {
    if items.contains(where: \.holdsOthers) { Remains.release { surrender(to: &$0) } }
  }

  func surrender(to remains: inout Remains) { remains.take(&items) }

  /// What may be stored here: the value itself, or a copy if it might not live long enough.
  func storable(_ value: TemplateValue) -> TemplateValue { isLocal ? value : value.owned() }
}

/// An ordered map with JavaScript's key order: array indices ascending, then the rest as inserted.
public final class TemplateMap {
  private(set) var keys: [Text] = []
  private(set) var values: [TemplateValue] = []
  private var indexCount = 0
  private var table: [Int32] = []  // open addressing over `keys`, kept from nine keys on
  let isLocal: Bool

  public init() { isLocal = false }
  init(local: Bool) { isLocal = local }

  deinit {
    if values.contains(where: \.holdsOthers) { Remains.release { surrender(to: &$0) } }
  }

  func surrender(to remains: inout Remains) { remains.take(&values) }

  public var count: Int { keys.count }

  /// Keys and values in order.
  public var entries: [(String, TemplateValue)] {
    zip(keys, values).map { ($0.view.string, $1) }
  }

  public subscript(key: String) -> TemplateValue? {
    get {
      var key = key
      return key.withUTF8 { get(TextView($0.baseAddress ?? emptyBytes, count: $0.count)) }
    }
    set {
      if let newValue { set(key, newValue) }
    }
  }

  public func set(_ key: String, _ value: TemplateValue) {
    var key = key
    key.withUTF8 { set(TextView($0.baseAddress ?? emptyBytes, count: $0.count), value) }
  }

  @inline(__always)
  func get(_ key: TextView) -> TemplateValue? {
    let index = find(key)
    return index < 0 ? nil : values[index]
  }

  func find(_ key: TextView) -> Int {
    if table.isEmpty {
      for index in 0..<keys.count {
        let candidate = keys[index]
        if candidate.count == key.count, memcmp(candidate.base, key.base, key.count) == 0 {
          return index
        }
      }
      return -1
    }
    let mask = table.count &- 1
    var slot = TemplateMap.hash(key) & mask
    while table[slot] >= 0 {
      let index = Int(table[slot])
      let candidate = keys[index]
      if candidate.count == key.count, memcmp(candidate.base, key.base, key.count) == 0 {
        return index
      }
      slot = (slot &+ 1) & mask
    }
    return -1
  }

  func set(_ key: TextView, _ value: TemplateValue) {
    let index = find(key)
    if index >= 0 {
      values[index] = value
    } else {
      insert(Text(key, safe: false), value)
    }
  }

  func set(_ key: Text, _ value: TemplateValue) {
    let index = find(key.view)
    if index >= 0 {
      values[index] = value
    } else {
      insert(key, value)
    }
  }

  func remove(_ key: TextView) -> TemplateValue? {
    let index = find(key)
    if index < 0 { return nil }
    if arrayIndex(key) != nil { indexCount -= 1 }
    keys.remove(at: index)
    let value = values.remove(at: index)
    rebuild()
    return value
  }

  func storable(_ value: TemplateValue) -> TemplateValue { isLocal ? value : value.owned() }

  private func insert(_ key: Text, _ value: TemplateValue) {
    guard let number = arrayIndex(key.view) else {
      keys.append(key)
      values.append(value)
      if table.isEmpty {
        if keys.count > 8 { rebuild() }
      } else if keys.count * 2 > table.count {
        rebuild()
      } else {
        note(keys.count - 1)
      }
      return
    }
    var low = 0
    var high = indexCount
    while low < high {
      let middle = (low + high) / 2
      if (arrayIndex(keys[middle].view) ?? 0) < number { low = middle + 1 } else { high = middle }
    }
    let atEnd = low == keys.count
    keys.insert(key, at: low)
    values.insert(value, at: low)
    indexCount += 1
    if atEnd, !table.isEmpty, keys.count * 2 <= table.count {
      note(low)
    } else {
      rebuild()
    }
  }

  private func note(_ index: Int) {
    let mask = table.count &- 1
    var slot = TemplateMap.hash(keys[index].view) & mask
    while table[slot] >= 0 { slot = (slot &+ 1) & mask }
    table[slot] = Int32(truncatingIfNeeded: index)
  }

  private func rebuild() {
    if keys.count <= 8 {
      table = []
      return
    }
    var size = 32
    while size < keys.count * 3 { size *= 2 }
    table = [Int32](repeating: -1, count: size)
    for index in keys.indices { note(index) }
  }

  private static func hash(_ key: TextView) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key.bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ (hash >> 29)) & Int.max
  }
}

/// The number, if the text is a canonical array index ("0", "17"; not "01", "-1" or "1.5").
func arrayIndex(_ text: TextView) -> Int? {
  let count = text.count
  if count == 0 || count > 10 { return nil }
  if text.base[0] == 0x30 { return count == 1 ? 0 : nil }
  var number = 0
  for byte in text.bytes {
    let digit = byte &- 0x30
    if digit > 9 { return nil }
    number = number * 10 + Int(digit)
  }
  return number < 4_294_967_295 ? number : nil
}
