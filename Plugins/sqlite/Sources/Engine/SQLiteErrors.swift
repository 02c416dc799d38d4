internal import CSQLite
import EggSQL

nonisolated extension SQLError {
  /// An error of the library: `SQLITE_CONSTRAINT_UNIQUE`, 2067.
  ///
  /// - Source: SQLite, Result and Error Codes.
  static func sqlite(_ number: Int32, _ message: String, sql: String) -> SQLError {
    SQLError(code: name(of: number), errno: Int(number), message, sql: sql)
  }

  /// A limit of this connection's.
  static func limit(_ message: String, sql: String) -> SQLError {
    SQLError(code: "EGG_SQL_LIMIT", message, sql: sql)
  }

  static func refused(_ message: String, sql: String) -> SQLError {
    SQLError(code: "EGG_SQL_STATEMENT", message, sql: sql)
  }

  /// The extended code's name where programs ask for it, else that of its low byte.
  private static func name(of number: Int32) -> String {
    if let name = extendedNames[number] { return "SQLITE_" + name }
    let primary = Int(number & 0xFF)
    return primary < names.count ? "SQLITE_" + names[primary] : "SQLITE_\(number)"
  }

  private static let names = [
    "OK", "ERROR", "INTERNAL", "PERM", "ABORT", "BUSY", "LOCKED", "NOMEM", "READONLY", "INTERRUPT",
    "IOERR", "CORRUPT", "NOTFOUND", "FULL", "CANTOPEN", "PROTOCOL", "EMPTY", "SCHEMA", "TOOBIG",
    "CONSTRAINT", "MISMATCH", "MISUSE", "NOLFS", "AUTH", "FORMAT", "RANGE", "NOTADB",
  ]

  private static let extendedNames: [Int32: String] = [
    275: "CONSTRAINT_CHECK", 787: "CONSTRAINT_FOREIGNKEY", 1299: "CONSTRAINT_NOTNULL",
    1555: "CONSTRAINT_PRIMARYKEY", 1811: "CONSTRAINT_TRIGGER", 2067: "CONSTRAINT_UNIQUE",
    2579: "CONSTRAINT_ROWID", 3091: "CONSTRAINT_DATATYPE", 261: "BUSY_RECOVERY",
    517: "BUSY_SNAPSHOT",
  ]
}
