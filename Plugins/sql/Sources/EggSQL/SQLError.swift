/// What the database, the connection or the builder refused.
public struct SQLError: Error, Sendable, CustomStringConvertible {
  /// `ER_DUP_ENTRY`, `PROTOCOL_CONNECTION_LOST`, `EGG_SQL_STATEMENT` …
  public var code: String
  /// The server's or the library's number; 0 when it is neither's.
  public var errno: Int
  /// Five characters of the SQL standard; empty when there are none.
  public var sqlState: String
  /// What the server said, or what was wrong.
  public var message: String
  /// The statement, values included, cut after `Self.statementLimit` characters.
  public var sql: String
  /// The connection is lost with it.
  public var isFatal: Bool
  /// What went wrong before, when this happened while cleaning up.
  public var cause: (any Error)?

  public static let statementLimit = 512

  public init(
    code: String, errno: Int = 0, sqlState: String = "", _ message: String, sql: String = "",
    isFatal: Bool = false, cause: (any Error)? = nil
  ) {
    self.code = code
    self.errno = errno
    self.sqlState = sqlState
    self.message = message
    self.sql = Self.cut(sql)
    self.isFatal = isFatal
    self.cause = cause
  }

  public var description: String { "\(code): \(message)" }

  /// A row with that key is there already: a unique index or a primary key, on any database.
  public var isDuplicate: Bool {
    switch code {
    case "ER_DUP_ENTRY", "ER_DUP_ENTRY_WITH_KEY_NAME", "ER_DUP_KEY", "SQLITE_CONSTRAINT_UNIQUE",
      "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID":
      true
    default: false
    }
  }

  /// A statement for messages and logs: whole up to the limit, then its length.
  public static func cut(_ sql: String) -> String {
    guard sql.utf8.count > statementLimit else { return sql }
    return "\(sql.prefix(statementLimit))… (\(sql.utf8.count) bytes)"
  }

  /// A statement that cannot be built of what was given.
  static func statement(_ message: String) -> SQLError {
    SQLError(code: "EGG_SQL_STATEMENT", message)
  }
}
