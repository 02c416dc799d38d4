/// What can stand in a statement or in a column.
///
/// Integers of 64 bits, signed and unsigned, travel without loss. `DECIMAL` arrives as text, which
/// keeps every digit.
public enum SQLValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  /// Beyond what `integer` holds; smaller ones are `integer`.
  case unsigned(UInt64)
  case number(Double)
  case text(String)
  case bytes([UInt8])
  /// Milliseconds since 1970-01-01T00:00:00Z.
  case moment(Int64)
  /// `1, 2`, and lists in it `(1, 2), (3, 4)`.
  case list([SQLValue])
  /// `` `k` = v, `l` = w ``
  case fields(SQLFields)
  /// Text of the statement itself, written as it is.
  case literal(String)
}

extension SQLValue {
  public var isNull: Bool { if case .null = self { true } else { false } }
  /// False for lists, fields and literals, which a prepared statement has no place for.
  public var isScalar: Bool {
    switch self {
    case .list, .fields, .literal: false
    default: true
    }
  }

  /// The integer, also of a whole number and of `true` and `false`.
  public var int: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .unsigned(let value): Int(exactly: value)
    case .boolean(let value): value ? 1 : 0
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }
  public var uint64: UInt64? {
    switch self {
    case .integer(let value): UInt64(exactly: value)
    case .unsigned(let value): value
    default: nil
    }
  }
  /// The number; `DECIMAL` text too, which may lose digits.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .number(let value): value
    case .text(let text): Double(text)
    default: nil
    }
  }
  /// `TINYINT(1)` and friends: any number but 0 is true.
  public var bool: Bool? {
    switch self {
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .unsigned: true
    default: nil
    }
  }
  public var string: String? { if case .text(let value) = self { value } else { nil } }
  /// The bytes, or the UTF-8 of text.
  public var data: [UInt8]? {
    switch self {
    case .bytes(let value): value
    case .text(let value): Array(value.utf8)
    default: nil
    }
  }
  /// Milliseconds since 1970.
  public var time: Int64? { if case .moment(let value) = self { value } else { nil } }

  /// For messages: "text", "a whole number" …
  public var kindName: String {
    switch self {
    case .null: "NULL"
    case .boolean: "true or false"
    case .integer, .unsigned: "a whole number"
    case .number: "a number"
    case .text: "text"
    case .bytes: "bytes"
    case .moment: "a time"
    case .list: "a list"
    case .fields: "an object"
    case .literal: "a literal"
    }
  }
}

extension SQLValue: Encodable {
  /// NULL, numbers and text as they are; bytes as a list of numbers; times as milliseconds.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .unsigned(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value), .literal(let value): try container.encode(value)
    case .bytes(let value): try container.encode(value)
    case .moment(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .fields(let value): try container.encode(value)
    }
  }
}
