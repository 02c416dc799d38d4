/// Turns any `Encodable` into a `Value`. `[UInt8]` becomes bytes, optionals that are nil `null`
/// (in objects: the member is left out, as synthesized conformances do).
nonisolated final class ValueEncoder: Encoder {
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]
  var value: Value = .undefined

  init(path: [any CodingKey] = []) { codingPath = path }

  func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
    if value.object == nil { value = .map(ValueMap()) }
    return KeyedEncodingContainer(Keyed<Key>(target: Target(get: self), codingPath: codingPath))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if value.array == nil { value = .list([]) }
    return Unkeyed(target: Target(get: self), codingPath: codingPath)
  }
  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(encoder: self, codingPath: codingPath)
  }

  static func encode(_ value: some Encodable, path: [any CodingKey]) throws -> Value {
    switch value {
    case let value as Value: return value
    // An empty list of anything can be cast to one of bytes.
    case let bytes as [UInt8] where Swift.type(of: value) == [UInt8].self: return .data(bytes)
    case let value as any TextKeyed: return try value.inOrder(path)
    default:
      let encoder = ValueEncoder(path: path)
      try value.encode(to: encoder)
      if encoder.value.isUndefined { return .map(ValueMap()) }
      return encoder.value
    }
  }
}

/// A dictionary, whose own order is another one in every process: here the keys are sorted, so that
/// the same data is the same JSON. A literal within a literal is such a dictionary, too.
private nonisolated protocol TextKeyed {
  func inOrder(_ path: [any CodingKey]) throws -> Value
}

private nonisolated struct TextKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Dictionary: TextKeyed where Key == String, Value: Encodable {
  nonisolated fileprivate func inOrder(_ path: [any CodingKey]) throws -> Egg.Value {
    var map = ValueMap()
    map.reserveCapacity(count)
    for (key, value) in sorted(by: { $0.key < $1.key }) {
      map[key] = try ValueEncoder.encode(value, path: path + [TextKey(stringValue: key)])
    }
    return .map(map)
  }
}

/// Where a container writes: an encoder, and whoever wants to hear that it changed.
private nonisolated final class Target {
  let encoder: ValueEncoder
  private let changed: ((Value) -> Void)?

  init(get encoder: ValueEncoder, changed: ((Value) -> Void)? = nil) {
    self.encoder = encoder
    self.changed = changed
    changed?(encoder.value)
  }

  func set(_ key: String, _ value: Value) {
    encoder.value[key] = value
    changed?(encoder.value)
  }
  func append(_ value: Value) {
    encoder.value[encoder.value.size] = value
    changed?(encoder.value)
  }
  func replace(_ place: Int, _ value: Value) {
    encoder.value[place] = value
    changed?(encoder.value)
  }
  var count: Int { encoder.value.size }
}

private nonisolated struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let target: Target
  let codingPath: [any CodingKey]

  func encodeNil(forKey key: Key) { target.set(key.stringValue, .null) }
  func encode(_ value: some Encodable, forKey key: Key) throws {
    target.set(key.stringValue, try ValueEncoder.encode(value, path: codingPath + [key]))
  }
  func encode(_ value: Bool, forKey key: Key) { target.set(key.stringValue, .boolean(value)) }
  func encode(_ value: Int, forKey key: Key) { target.set(key.stringValue, .integer(value)) }
  func encode(_ value: Double, forKey key: Key) { target.set(key.stringValue, .number(value)) }
  func encode(_ value: String, forKey key: Key) { target.set(key.stringValue, .text(value)) }

  func nestedContainer<Inner: CodingKey>(keyedBy: Inner.Type, forKey key: Key)
    -> KeyedEncodingContainer<Inner>
  {
    let encoder = ValueEncoder(path: codingPath + [key])
    encoder.value = .map(ValueMap())
    let (outer, name) = (target, key.stringValue)
    let inner = Target(get: encoder) { outer.set(name, $0) }
    return KeyedEncodingContainer(Keyed<Inner>(target: inner, codingPath: encoder.codingPath))
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    let encoder = ValueEncoder(path: codingPath + [key])
    encoder.value = .list([])
    let (outer, name) = (target, key.stringValue)
    let inner = Target(get: encoder) { outer.set(name, $0) }
    return Unkeyed(target: inner, codingPath: encoder.codingPath)
  }
  func superEncoder() -> any Encoder { Super(target: target, name: "super", path: codingPath) }
  func superEncoder(forKey key: Key) -> any Encoder {
    Super(target: target, name: key.stringValue, path: codingPath + [key])
  }
}

private nonisolated struct Unkeyed: UnkeyedEncodingContainer {
  let target: Target
  let codingPath: [any CodingKey]
  var count: Int { target.count }

  func encodeNil() { target.append(.null) }
  func encode(_ value: some Encodable) throws {
    target.append(try ValueEncoder.encode(value, path: codingPath + [Place(count)]))
  }
  func nestedContainer<Inner: CodingKey>(keyedBy: Inner.Type) -> KeyedEncodingContainer<Inner> {
    let (inner, path) = nested(.map(ValueMap()))
    return KeyedEncodingContainer(Keyed<Inner>(target: inner, codingPath: path))
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    let (inner, path) = nested(.list([]))
    return Unkeyed(target: inner, codingPath: path)
  }
  func superEncoder() -> any Encoder {
    let place = count
    target.append(.null)
    return Super(target: target, place: place, path: codingPath + [Place(place)])
  }

  private func nested(_ empty: Value) -> (Target, [any CodingKey]) {
    let place = count
    let encoder = ValueEncoder(path: codingPath + [Place(place)])
    encoder.value = empty
    let outer = target
    outer.append(empty)
    return (Target(get: encoder) { outer.replace(place, $0) }, encoder.codingPath)
  }
}

private nonisolated struct Single: SingleValueEncodingContainer {
  let encoder: ValueEncoder
  let codingPath: [any CodingKey]

  func encodeNil() { encoder.value = .null }
  func encode(_ value: some Encodable) throws {
    switch value {
    case let value as String: encoder.value = .text(value)
    case let value as Bool: encoder.value = .boolean(value)
    case let value as Double: encoder.value = .number(value)
    case let value as Float: encoder.value = .number(Double(value))
    case let value as any BinaryInteger: encoder.value = Value(value)
    default: encoder.value = try ValueEncoder.encode(value, path: codingPath)
    }
  }
}

/// What `super.encode(to:)` of a class writes into.
private nonisolated final class Super: Encoder {
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private let store: (Value) -> Void

  init(target: Target, name: String, path: [any CodingKey]) {
    codingPath = path
    store = { target.set(name, $0) }
  }
  init(target: Target, place: Int, path: [any CodingKey]) {
    codingPath = path
    store = { target.replace(place, $0) }
  }

  func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
    let encoder = ValueEncoder(path: codingPath)
    encoder.value = .map(ValueMap())
    let target = Target(get: encoder, changed: store)
    return KeyedEncodingContainer(Keyed<Key>(target: target, codingPath: codingPath))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    let encoder = ValueEncoder(path: codingPath)
    encoder.value = .list([])
    return Unkeyed(target: Target(get: encoder, changed: store), codingPath: codingPath)
  }
  func singleValueContainer() -> any SingleValueEncodingContainer {
    SuperSingle(store: store, codingPath: codingPath)
  }
}

private nonisolated struct SuperSingle: SingleValueEncodingContainer {
  let store: (Value) -> Void
  let codingPath: [any CodingKey]

  func encodeNil() { store(.null) }
  func encode(_ value: some Encodable) throws {
    store(try ValueEncoder.encode(value, path: codingPath))
  }
}

/// A position in a list, as part of a coding path.
nonisolated struct Place: CodingKey {
  let intValue: Int?
  var stringValue: String { String(intValue ?? 0) }
  init(_ place: Int) { intValue = place }
  init?(intValue: Int) { self.intValue = intValue }
  init?(stringValue: String) { nil }
}
