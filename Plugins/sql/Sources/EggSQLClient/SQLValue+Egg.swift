import Egg
import EggSQL

nonisolated extension SQLValue {
  /// A value of another unit, a template or JSON text as one of a statement.
  ///
  /// An object is fields, never SQL: text of the statement comes only from objects of the type
  /// "egg.sql.literal/1", which no JSON text can hold.
  public init(_ value: Value) {
    switch value {
    case .undefined, .null: self = .null
    case .boolean(let flag): self = .boolean(flag)
    case .integer(let number): self = .integer(Int64(number))
    case .number(let number): self = .number(number)
    case .text(let text), .markup(let text): self = .text(text)
    case .data(let bytes): self = .bytes(bytes)
    case .moment(let time): self = .moment(Int64(time))
    case .list(let list): self = .list(list.map { SQLValue($0) })
    case .map(let map): self = .fields(SQLFields(map))
    case .reference(let object):
      guard object.type == SQLLiteralObject.type, let text = (try? object.get("text"))?.string
      else {
        self = .null
        return
      }
      self = .literal(text)
    }
  }
}

nonisolated extension SQLValue {
  /// Anything that can be encoded, as the text of a JSON column.
  ///
  ///     try await app.mysql.insert("posts", ["tags": SQLValue.json(["swift", "egg"])])
  ///
  /// - Throws: what `encode(to:)` throws.
  public static func json(_ value: some Encodable) throws -> SQLValue {
    .text(try Value(encoding: value).json)
  }

  /// What the text of a JSON column says; nil when it is no JSON.
  public var json: Value? { string.flatMap { try? Value(json: $0) } }
}

nonisolated extension SQLFields {
  public init(_ map: ValueMap) {
    self.init(map.lazy.map { ($0.key, SQLValue($0.value)) })
  }
}

nonisolated extension Value {
  /// What a column holds, for other units. Integers beyond 64 bits with sign are text.
  @MainActor public init(_ value: SQLValue) {
    switch value {
    case .null: self = .null
    case .boolean(let flag): self = .boolean(flag)
    case .integer(let number): self = .integer(Int(number))
    case .unsigned(let number): self = .text(String(number))
    case .number(let number): self = .number(number)
    case .text(let text): self = .text(text)
    case .bytes(let bytes): self = .data(bytes)
    case .moment(let time): self = .moment(Int(time))
    case .list(let list): self = .list(list.map { Self($0) })
    case .fields(let fields): self = .map(ValueMap(fields.map { ($0.0, Self($0.1)) }))
    case .literal(let text): self = (try? .returning(SQLLiteralObject(text))) ?? .null
    }
  }
}

extension Value: SQLConvertible {
  public var sqlValue: SQLValue { SQLValue(self) }
}

extension Timestamp: SQLConvertible {
  public var sqlValue: SQLValue { .moment(Int64(milliseconds)) }
}

extension SQLFields {
  /// A row from any type of yours: its members are the columns.
  ///
  /// - Throws: what `encode(to:)` throws; `SQLError` when it is no object.
  public init(encoding row: some Encodable) throws {
    guard let map = try Egg.Value(encoding: row).object else {
      throw SQLError(
        code: "EGG_SQL_STATEMENT", "a row has to be an object, found \(type(of: row))")
    }
    self.init(map)
  }
}

/// Text of a statement as a value of other units.
public final class SQLLiteralObject: ExportedObject {
  nonisolated static let type = "egg.sql.literal/1"
  public let objectType = SQLLiteralObject.type
  let text: String

  public init(_ text: String) { self.text = text }

  public func property(_ name: String) throws -> Value { name == "text" ? .text(text) : .undefined }
}
