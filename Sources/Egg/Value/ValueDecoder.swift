/// Reads any `Decodable` out of a `Value`.
///
/// Text is not turned into numbers or back; a whole double is an integer; bytes and lists of
/// numbers are both `[UInt8]`. Errors are `DecodingError`s whose path names the member.
nonisolated struct ValueDecoder: Decoder {
  let value: Value
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(_ value: Value, path: [any CodingKey] = []) {
    self.value = value
    codingPath = path
  }

  func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let map = value.object else { throw mismatch(ValueMap.self, "an object") }
    return KeyedDecodingContainer(KeyedReader<Key>(map: map, codingPath: codingPath))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    if case .data(let bytes) = value {
      return UnkeyedReader(list: bytes.map { .integer(Int($0)) }, codingPath: codingPath)
    }
    guard let list = value.array else { throw mismatch([Value].self, "a list") }
    return UnkeyedReader(list: list, codingPath: codingPath)
  }
  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  static func decode<T: Decodable>(_ type: T.Type, _ value: Value, path: [any CodingKey]) throws
    -> T
  {
    if type == Value.self { return value as! T }
    if type == [UInt8].self, case .data(let bytes) = value { return bytes as! T }
    return try T(from: ValueDecoder(value, path: path))
  }

  private func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    let text = "expected \(expected), found \(value.kindName)"
    let context = DecodingError.Context(codingPath: codingPath, debugDescription: text)
    return value.exists ? .typeMismatch(type, context) : .valueNotFound(type, context)
  }
}

nonisolated extension ValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { !value.exists }
  func decode(_ type: Bool.Type) throws -> Bool {
    guard let result = value.bool else { throw mismatch(type, "true or false") }
    return result
  }
  func decode(_ type: String.Type) throws -> String {
    guard let result = value.string else { throw mismatch(type, "text") }
    return result
  }
  func decode(_ type: Double.Type) throws -> Double {
    guard let result = value.double else { throw mismatch(type, "a number") }
    return result
  }
  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try Self.decode(type, value, path: codingPath)
  }

  private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    guard let number = value.int else { throw mismatch(type, "a whole number") }
    guard let result = T(exactly: number) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "\(number) is out of range of \(type)"))
    }
    return result
  }
}

private nonisolated struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let map: ValueMap
  let codingPath: [any CodingKey]

  var allKeys: [Key] { map.keys.compactMap(Key.init(stringValue:)) }
  func contains(_ key: Key) -> Bool { map[key.stringValue].map { !$0.isUndefined } ?? false }
  func decodeNil(forKey key: Key) throws -> Bool { !(try member(key).exists) }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try ValueDecoder.decode(type, member(key), path: codingPath + [key])
  }
  func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type, forKey key: Key) throws
    -> KeyedDecodingContainer<Inner>
  {
    try ValueDecoder(member(key), path: codingPath + [key]).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try ValueDecoder(member(key), path: codingPath + [key]).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder {
    ValueDecoder(map["super"] ?? .null, path: codingPath)
  }
  func superDecoder(forKey key: Key) throws -> any Decoder {
    ValueDecoder(try member(key), path: codingPath + [key])
  }

  private func member(_ key: Key) throws -> Value {
    if let value = map[key.stringValue], !value.isUndefined { return value }
    throw DecodingError.keyNotFound(
      key, .init(codingPath: codingPath, debugDescription: "\"\(key.stringValue)\" is missing"))
  }
}

private nonisolated struct UnkeyedReader: UnkeyedDecodingContainer {
  let list: [Value]
  let codingPath: [any CodingKey]
  var currentIndex = 0

  init(list: [Value], codingPath: [any CodingKey]) {
    self.list = list
    self.codingPath = codingPath
  }

  var count: Int? { list.count }
  var isAtEnd: Bool { currentIndex >= list.count }

  mutating func decodeNil() throws -> Bool {
    guard !(try item().exists) else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let result = try ValueDecoder.decode(type, item(), path: path)
    currentIndex += 1
    return result
  }
  mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) throws
    -> KeyedDecodingContainer<Inner>
  {
    let result = try ValueDecoder(item(), path: path).container(keyedBy: type)
    currentIndex += 1
    return result
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let result = try ValueDecoder(item(), path: path).unkeyedContainer()
    currentIndex += 1
    return result
  }
  mutating func superDecoder() throws -> any Decoder {
    let result = ValueDecoder(try item(), path: path)
    currentIndex += 1
    return result
  }

  private var path: [any CodingKey] { codingPath + [Place(currentIndex)] }

  private func item() throws -> Value {
    guard currentIndex < list.count else {
      let text = "the list has only \(list.count) elements"
      throw DecodingError.valueNotFound(
        Value.self, .init(codingPath: path, debugDescription: text))
    }
    return list[currentIndex]
  }
}
