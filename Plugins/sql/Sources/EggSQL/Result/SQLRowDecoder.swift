/// Reads any `Decodable` out of a row.
///
/// Whole numbers fit any integer that holds them; `TINYINT` fits `Bool`; times are milliseconds since
/// 1970 for `Int`, and text for `String`; `DECIMAL` text fits `Double`; text of a JSON column fits objects
/// and lists. Errors name the column.
struct SQLRowDecoder: Decoder {
  let row: SQLRow
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(RowContainer<Key>(row: row))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw DecodingError.typeMismatch(
      [Any].self, .init(codingPath: [], debugDescription: "expected an object, found a list"))
  }
  /// A row of one column as that column.
  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    SQLCellDecoder(value: row[0], codingPath: [], source: row.source)
  }
}

private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let row: SQLRow
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { row.columns.compactMap(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { row.source.columns.place(of: key.stringValue) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try cell(key).value.isNull }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try cell(key).decode(type) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try cell(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try cell(key).decode(type) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try cell(key).decode(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try cell(key).decode(type) }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try cell(key).decode(type)
  }

  func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type, forKey key: Key) throws
    -> KeyedDecodingContainer<Inner>
  { try cell(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try cell(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { SQLRowDecoder(row: row) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try cell(key) }

  private func cell(_ key: Key) throws -> SQLCellDecoder {
    guard let place = row.source.columns.place(of: key.stringValue) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: [], debugDescription: "no column \"\(key.stringValue)\""))
    }
    return SQLCellDecoder(
      value: row.source.cell(row.index, place), codingPath: [key], source: row.source)
  }
}

/// Reads a `Decodable` out of one value.
struct SQLCellDecoder: Decoder, SingleValueDecodingContainer {
  let value: SQLValue
  let codingPath: [any CodingKey]
  /// Knows how JSON is read.
  var source: (any SQLRowSource)?
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let json = try json() else { throw mismatch(type, "an object") }
    return try json.container(keyedBy: type)
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    if case .bytes(let bytes) = value {
      return BytesContainer(bytes: bytes, codingPath: codingPath)
    }
    guard let json = try json() else { throw mismatch([Any].self, "a list") }
    return try json.unkeyedContainer()
  }
  private func json() throws -> (any Decoder)? {
    guard case .text(let text) = value else { return nil }
    do { return try source?.decoder(ofJSON: text) } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "expected JSON: \(error)"))
    }
  }
  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { value.isNull }
  func decode(_ type: Bool.Type) throws -> Bool {
    guard let result = value.bool else { throw mismatch(type, "true or false") }
    return result
  }
  func decode(_ type: String.Type) throws -> String {
    switch value {
    case .text(let text): return text
    case .bytes(let bytes):
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw mismatch(type, "text")
      }
      return text
    case .moment(let time):
      return CivilTime(milliseconds: time, in: .local).text ?? String(time)
    default: throw mismatch(type, "text")
    }
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
    if type == [UInt8].self, let bytes = value.data { return bytes as! T }
    return try T(from: self)
  }

  private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    let result: T?
    switch value {
    case .integer(let number): result = T(exactly: number)
    case .unsigned(let number): result = T(exactly: number)
    case .boolean(let flag): result = flag ? 1 : 0
    case .moment(let time): result = T(exactly: time)
    case .number(let number): result = T(exactly: number)
    // DECIMAL(20, 0), and integers that were asked for as text.
    case .text(let text) where text.utf8.allSatisfy { $0 <= 0x39 } && !text.isEmpty:
      result = T(text)
    default: throw mismatch(type, "a whole number")
    }
    guard let result else {
      let text = "\(value) is out of range of \(type)"
      throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: text))
    }
    return result
  }

  func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    let text = "expected \(expected), found \(value.kindName)"
    let context = DecodingError.Context(codingPath: codingPath, debugDescription: text)
    return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }
}

/// Bytes as the list of numbers that a generic `[UInt8]` member asks for.
private struct BytesContainer: UnkeyedDecodingContainer {
  let bytes: [UInt8]
  let codingPath: [any CodingKey]
  var currentIndex = 0
  var count: Int? { bytes.count }
  var isAtEnd: Bool { currentIndex >= bytes.count }

  mutating func decodeNil() throws -> Bool { false }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type, .init(codingPath: codingPath, debugDescription: "only \(bytes.count) bytes"))
    }
    defer { currentIndex += 1 }
    let cell = SQLCellDecoder(value: .integer(Int64(bytes[currentIndex])), codingPath: codingPath)
    return try T(from: cell)
  }
  mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) throws
    -> KeyedDecodingContainer<Inner>
  { throw SQLCellDecoder(value: .bytes(bytes), codingPath: codingPath).mismatch(type, "an object") }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw SQLCellDecoder(value: .bytes(bytes), codingPath: codingPath).mismatch(
      [Any].self, "a list")
  }
  mutating func superDecoder() throws -> any Decoder {
    SQLCellDecoder(value: .bytes(bytes), codingPath: codingPath)
  }
}
