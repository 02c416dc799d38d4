internal import CMariaDB
import EggSQL

extension MySQLConnection {
  /// How this connection's server reads text at this moment: both change with `SET`, and the server
  /// reports it with the answer to that.
  var escaping: SQLEscaping {
    SQLEscaping(
      backslashes: handle.pointee.server_status & UInt32(SERVER_STATUS_NO_BACKSLASH_ESCAPES) == 0,
      isUTF8: isUTF8, timeZone: options.timeZone)
  }

  private var isUTF8: Bool {
    guard let name = mysql_character_set_name(handle) else { return false }
    return String(cString: name).hasPrefix("utf8")
  }

  /// The statement as this connection's server has to get it.
  ///
  /// - Throws: `SQLError` when the server would take quotes in it for something else.
  func text(_ statement: SQLStatement) throws -> [UInt8] {
    let escaping = escaping
    guard statement.fits(escaping) else {
      throw SQLError(
        code: "EGG_SQL_STATEMENT",
        "the statement has \\' in quotes, which ends them under NO_BACKSLASH_ESCAPES; double the"
          + " quote, or give the text as a value", sql: statement.text(escaping))
    }
    return statement.bytes(escaping)
  }

  func run(_ statement: SQLStatement) async throws -> SQLResult { try await run(text(statement)) }

  /// Runs a statement and keeps its rows in the client library's memory.
  ///
  /// - Throws: `SQLError`.
  func run(_ sql: [UInt8]) async throws -> SQLResult {
    try start(options.queryTimeout, Self.timedOut(sql, self.options.queryTimeout))
    defer { finish() }
    do {
      try await send(sql)
      var result = try await storeResult(sql)
      while mysql_more_results(handle) != 0 {
        var status: Int32 = 0
        try await perform(
          { mysql_next_result_start(&status, handle) },
          {
            mysql_next_result_cont(&status, handle, $0)
          })
        guard status == 0 else { throw fail(Self.text(sql)) }
        result.following.append(try await storeResult(sql))
      }
      return result
    } catch let error as SQLError { throw error.with(sql: Self.text(sql)) }
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

  private func storeResult(_ sql: [UInt8]) async throws -> SQLResult {
    var rows: UnsafeMutablePointer<MYSQL_RES>?
    try await perform(
      { mysql_store_result_start(&rows, handle) },
      {
        mysql_store_result_cont(&rows, handle, $0)
      })
    let summary = summary
    if let rows { return SQLResult(MySQLRows(rows, options), summary) }
    guard mysql_field_count(handle) == 0 else { throw fail(Self.text(sql)) }
    return SQLResult(nil, summary)
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

  static func timedOut(_ sql: [UInt8], _ limit: Int) -> SQLError {
    .timeout(
      "PROTOCOL_SEQUENCE_TIMEOUT", "Query inactivity timeout: no answer within \(limit)ms",
      sql: text(sql))
  }

  /// Whether the server is there.
  func ping() async throws {
    try start(options.connectTimeout, .connectionLost)
    defer { finish() }
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
