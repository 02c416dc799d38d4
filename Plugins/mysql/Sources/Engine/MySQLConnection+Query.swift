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

  // MARK: one text

  func run(_ statement: SQLStatement) async throws -> SQLResult { try await run(text(statement)) }

  /// Runs a statement and keeps its rows in the client library's memory.
  ///
  /// - Throws: `SQLError`.
  func run(_ sql: [UInt8]) async throws -> SQLResult {
    try await withUnsafeThrowingContinuation { continuation in
      run(sql) { continuation.resume(with: $0) }
    }
  }

  /// The same without a task.
  func run(_ sql: [UInt8], _ done: @escaping (Result<SQLResult, any Error>) -> Void) {
    do {
      try take(options.queryTimeout, Self.timedOut(sql, self.options.queryTimeout))
    } catch { return done(.failure(error)) }
    let end = { (result: Result<SQLResult, SQLError>) in
      self.finish()
      switch result {
      case .success(let result): done(.success(result))
      case .failure(let error): done(.failure(error.with(sql: Self.text(sql))))
      }
    }
    var failed: Int32 = 0
    // The library reads the text while the call is suspended, so it must stay where it is.
    let text = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, sql.count))
    sql.withUnsafeBytes { UnsafeMutableRawBufferPointer(text).copyMemory(from: $0) }
    go(
      mysql_send_query_start(&failed, handle, text.baseAddress, UInt(sql.count)),
      { mysql_send_query_cont(&failed, self.handle, $0) }
    ) { failure in
      text.deallocate()
      if let failure { return end(.failure(failure)) }
      if failed != 0 { return end(.failure(self.fail(""))) }
      // Asked for at once, the library would look in vain and come back to wait for the same.
      self.awaitReply { self.readReply(end) }
    }
  }

  private func readReply(_ end: @escaping (Result<SQLResult, SQLError>) -> Void) {
    var failed: my_bool = 0
    go(
      mysql_read_query_result_start(&failed, handle),
      { mysql_read_query_result_cont(&failed, self.handle, $0) }
    ) { failure in
      if let failure { return end(.failure(failure)) }
      if failed != 0 { return end(.failure(self.fail(""))) }
      self.storeResults([], end)
    }
  }

  /// - Parameter before: of the statements that were sent in the same text before this one.
  private func storeResults(
    _ before: [SQLResult], _ end: @escaping (Result<SQLResult, SQLError>) -> Void
  ) {
    var rows: UnsafeMutablePointer<MYSQL_RES>?
    go(
      mysql_store_result_start(&rows, handle),
      { mysql_store_result_cont(&rows, self.handle, $0) }
    ) { failure in
      if let failure { return end(.failure(failure)) }
      guard rows != nil || mysql_field_count(self.handle) == 0 else {
        return end(.failure(self.fail("")))
      }
      let source = rows.map { MySQLRows($0, self.options) }
      let result = SQLResult(source, self.summary)
      guard mysql_more_results(self.handle) != 0 else {
        return end(.success(before.isEmpty ? result : SQLResult(before + [result])))
      }
      self.nextResult(before + [result], end)
    }
  }

  private func nextResult(
    _ before: [SQLResult], _ end: @escaping (Result<SQLResult, SQLError>) -> Void
  ) {
    var status: Int32 = 0
    go(
      mysql_next_result_start(&status, handle),
      { mysql_next_result_cont(&status, self.handle, $0) }
    ) { failure in
      if let failure { return end(.failure(failure)) }
      if status != 0 { return end(.failure(self.fail(""))) }
      self.storeResults(before, end)
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

  static func timedOut(_ sql: [UInt8], _ limit: Int) -> SQLError {
    .timeout(
      "PROTOCOL_SEQUENCE_TIMEOUT", "Query inactivity timeout: no answer within \(limit)ms",
      sql: text(sql))
  }

  /// Whether the server is there.
  func ping() async throws {
    try take(options.connectTimeout, .connectionLost)
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
