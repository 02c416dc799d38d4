internal import CMariaDB
import EggSQL
import Glibc

extension MySQLConnection {
  /// How this connection's server reads text at this moment: both change with `SET`, and the server
  /// reports it with the answer to that.
  var escaping: SQLEscaping {
    SQLEscaping(
      backslashes: handle.pointee.server_status & UInt32(SERVER_STATUS_NO_BACKSLASH_ESCAPES) == 0,
      isUTF8: isUTF8, timeZone: rules.timeZone)
  }

  private var isUTF8: Bool {
    guard let name = mysql_character_set_name(handle) else { return false }
    return strncmp(name, "utf8", 4) == 0
  }

  /// The statement as this connection's server has to get it.
  ///
  /// - Throws: `SQLError` when the server would take quotes in it for something else.
  func text(_ statement: SQLStatement) throws(SQLError) -> [UInt8] {
    let escaping = escaping
    try check(statement, escaping)
    return statement.bytes(escaping)
  }

  /// The same for who copies it at once.
  func withText<R>(_ statement: SQLStatement, _ body: ([UInt8]) -> R) throws(SQLError) -> R {
    let escaping = escaping
    try check(statement, escaping)
    statement.write(escaping, into: &written)
    defer { if written.count > 1 << 16 { written = [] } }
    return body(written)
  }

  private func check(_ statement: SQLStatement, _ escaping: SQLEscaping) throws(SQLError) {
    guard statement.fits(escaping) else {
      throw SQLError(
        code: "EGG_SQL_STATEMENT",
        "the statement has \\' in quotes, which ends them under NO_BACKSLASH_ESCAPES; double the"
          + " quote, or give the text as a value", sql: statement.text(escaping))
    }
  }

  // MARK: one text

  func run(_ statement: SQLStatement) async throws -> SQLResult { try await run(text(statement)) }

  /// Runs a statement and keeps its rows in the client library's memory.
  ///
  /// - Throws: `SQLError`.
  func run(_ sql: [UInt8]) async throws -> SQLResult {
    try await withUnsafeThrowingContinuation { continuation in
      MySQLExchange(self, sql) { continuation.resume(with: $0) }.begin()
    }
  }

  /// Sends a statement and waits for the head of its answer.
  func send(_ sql: [UInt8]) async throws {
    var failed: Int32 = 0
    // The library reads the text while the call is suspended, so it must stay where it is.
    let text = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, sql.count))
    defer { text.deallocate() }
    sql.withUnsafeBytes { UnsafeMutableRawBufferPointer(text).copyMemory(from: $0) }
    try await perform(
      { mysql_real_query_start(&failed, handle, text.baseAddress, UInt(sql.count)) },
      { mysql_real_query_cont(&failed, handle, $0) })
    if failed != 0 { throw fail(Self.text(sql)) }
  }

  var summary: SQLResult.Summary {
    var summary = SQLResult.Summary()
    summary.fieldCount = Int(mysql_field_count(handle))
    // The library's "no number" is the largest one.
    summary.affectedRows = Int(exactly: mysql_affected_rows(handle)) ?? 0
    summary.insertId = mysql_insert_id(handle)
    summary.warningCount = Int(mysql_warning_count(handle))
    summary.serverStatus = Int(handle.pointee.server_status)
    if let info = mysql_info(handle) {
      summary.message = String(cString: info)
      summary.changedRows = Self.changedRows(summary.message)
    }
    return summary
  }

  /// The number of `Rows matched: 1  Changed: 0  Warnings: 0`.
  private static func changedRows(_ message: String) -> Int {
    let words = message.split(separator: " ")
    guard let place = words.firstIndex(of: "Changed:"), place + 1 < words.count else { return 0 }
    return Int(words[place + 1]) ?? 0
  }

  static func text(_ sql: [UInt8]) -> String { String(decoding: sql, as: UTF8.self) }

  /// Whether the server is there.
  func ping() async throws {
    try take()
    defer { finish() }
    try limit(options.connectTimeout) { .connectionLost }
    var failed: Int32 = 0
    try await perform(
      { mysql_ping_start(&failed, handle) },
      {
        mysql_ping_cont(&failed, handle, $0)
      })
    if failed != 0 { throw fail("") }
  }

  /// Whether a transaction is open that nobody has ended.
  var isInTransaction: Bool {
    handle.pointee.server_status & UInt32(SERVER_STATUS_IN_TRANS) != 0
  }
}
