/// A statement in pieces: text that is SQL, and values between it.
///
/// Values stay values until a connection writes them, because only the connection knows how its
/// server reads text, or sends them apart from the text.
public struct SQLStatement: Sendable, Equatable {
  public enum Piece: Sendable, Equatable {
    case sql(String)
    /// Never a list, fields or a literal; those are pieces of their own.
    case value(SQLValue)
  }

  public private(set) var pieces: [Piece] = []
  /// The text between the values has a quoted backslash before a quote, and where values may stand
  /// was decided as if backslashes escape. A server with `NO_BACKSLASH_ESCAPES` reads it differently.
  public var assumesBackslashes = false

  public init() {}
  public init(_ sql: String) { append(sql) }

  /// Adds text of the statement.
  public mutating func append(_ sql: String) {
    guard !sql.isEmpty else { return }
    if case .sql(let before)? = pieces.last {
      pieces[pieces.count - 1] = .sql(before + sql)
    } else {
      pieces.append(.sql(sql))
    }
  }

  /// Adds a value; lists, fields and literals become what they stand for.
  public mutating func append(_ value: SQLValue) {
    switch value {
    case .literal(let text): append(text)
    case .list(let list): append(list)
    case .fields(let fields): append(fields, separator: ", ")
    case .unsigned(let value): append(String(value))
    default: pieces.append(.value(value))
    }
  }

  /// Adds `` `name` `` or `` `table`.`name` ``.
  public mutating func append(identifier name: String) { append(SQLIdentifier.escape(name)) }

  /// Adds `` `k` = v `` pairs.
  public mutating func append(_ fields: SQLFields, separator: String) {
    var isFirst = true
    for (name, value) in fields {
      if !isFirst { append(separator) }
      isFirst = false
      append(identifier: name)
      append(" = ")
      append(value)
    }
  }

  private mutating func append(_ list: [SQLValue]) {
    for (place, item) in list.enumerated() {
      if place > 0 { append(", ") }
      if case .list = item {
        append("(")
        append(item)
        append(")")
      } else {
        append(item)
      }
    }
  }

  /// Whether a connection with that escaping reads the text as it was meant.
  public func fits(_ escaping: SQLEscaping) -> Bool {
    !assumesBackslashes || escaping.backslashes || escaping.dialect == .sqlite
  }

  /// The whole statement as text.
  public func text(_ escaping: SQLEscaping = SQLEscaping()) -> String {
    String(decoding: bytes(escaping), as: UTF8.self)
  }

  /// The same as UTF-8, ready to be sent.
  public func bytes(_ escaping: SQLEscaping) -> [UInt8] {
    var writer = SQLWriter(escaping)
    for piece in pieces {
      switch piece {
      case .sql(let text): writer.write(text)
      case .value(let value): writer.write(value)
      }
    }
    return writer.bytes
  }

  /// The statement with a `?` for every value, and the values.
  public var prepared: (sql: String, parameters: [SQLValue]) {
    var sql = ""
    var parameters: [SQLValue] = []
    for piece in pieces {
      switch piece {
      case .sql(let text): sql += text
      case .value(let value):
        sql += "?"
        parameters.append(value)
      }
    }
    return (sql, parameters)
  }
}
