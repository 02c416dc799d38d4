internal import CSQLite
import EggSQL
import Glibc

/// One connection of the library. It belongs to whoever the pool gave it to, and is used on one
/// thread at a time.
nonisolated final class SQLiteConnection: @unchecked Sendable {
  enum Role { case reader, writer }

  private let handle: OpaquePointer
  private let options: SQLiteOptions
  private let role: Role
  private var statements: [String: SQLiteStatement] = [:]
  private var uses = 0
  private var stop: SQLiteStop?
  /// Of the statement that runs, when it waits for a lock.
  private var waitsUntil: UInt64 = 0

  /// Opens the file, with its folder when that is missing. Blocks.
  ///
  /// - Throws: `SQLError`.
  init(_ options: SQLiteOptions, _ role: Role) throws(SQLError) {
    self.options = options
    self.role = role
    if !options.isInMemory { Self.makeFolder(of: options.path) }
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let status = sqlite3_open_v2(options.path, &opened, flags, nil)
    guard status == SQLITE_OK, let opened else {
      let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory"
      sqlite3_close_v2(opened)
      throw .sqlite(status, message, sql: "")
    }
    handle = opened
    sqlite3_extended_result_codes(opened, 1)
    let state = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_busy_handler(opened, waitForLock, state)
    sqlite3_progress_handler(opened, 1000, wantsStop, state)
    try configure()
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  private func configure() throws(SQLError) {
    if role == .writer, !options.isInMemory { try setJournalMode() }
    try run("PRAGMA synchronous = \(options.synchronous)")
    try run("PRAGMA foreign_keys = \(options.foreignKeys ? "on" : "off")")
    try run("PRAGMA trusted_schema = off")
    if role == .reader { try run("PRAGMA query_only = on") }
  }

  /// Several workers may open a new file at once; the library does not wait for this lock.
  private func setJournalMode() throws(SQLError) {
    let until = SQLiteStop.now + UInt64(options.busyTimeout) * 1_000_000
    while true {
      do {
        try run("PRAGMA journal_mode = \(options.journalMode)")
        return
      } catch  where error.errno & 0xFF == Int(SQLITE_BUSY) && SQLiteStop.now < until {
        usleep(5_000)
      }
    }
  }

  private static func makeFolder(of path: String) {
    var place = path.startIndex
    while let slash = path[place...].dropFirst().firstIndex(of: "/") {
      mkdir(String(path[..<slash]), 0o755)
      place = slash
    }
  }

  // MARK: running

  /// A statement left a transaction open.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  @discardableResult
  private func run(_ sql: String) throws(SQLError) -> SQLResult? {
    try run(sql, [], SQLiteStop(timeout: 0))
  }

  /// Runs a text to its end. Blocks.
  ///
  /// - Parameters:
  ///   - parameters: one for each placeholder, of all statements of the text in turn.
  ///   - inTransaction: refuses when the transaction is over, as after some failures.
  /// - Returns: nil when a reader was asked to write; nothing was done then.
  /// - Throws: `SQLError`.
  func run(
    _ sql: String, _ parameters: [SQLValue], _ stop: SQLiteStop, inTransaction: Bool = false
  ) throws(SQLError) -> SQLResult? {
    begin(stop)
    defer { self.stop = nil }
    if inTransaction { try checkTransaction(sql) }
    var rest = parameters[...]
    var results: [SQLResult] = []
    var text = Array(sql.utf8)[...]
    while true {
      guard let (statement, tail) = try statement(sql, text) else {
        if results.isEmpty { throw .refused("expected a statement, found none", sql: sql) }
        break
      }
      if role == .reader, !statement.isReadOnly { return nil }
      let count = statement.parameterCount
      let isLast = tail.isEmpty
      guard isLast ? count == rest.count : count <= rest.count else {
        throw .refused("expected \(count) parameters, found \(rest.count)", sql: sql)
      }
      results.append(try run(statement, rest.prefix(count), sql))
      rest = rest.dropFirst(count)
      if isLast { break }
      text = tail
    }
    return SQLResult(results)
  }

  private func run(_ statement: SQLiteStatement, _ values: ArraySlice<SQLValue>, _ sql: String)
    throws(SQLError) -> SQLResult
  {
    defer { statement.reset() }
    try statement.bind(values, sql: sql)
    let before = sqlite3_total_changes64(handle)
    let lastId = sqlite3_last_insert_rowid(handle)
    guard statement.columnCount > 0 else {
      guard try step(statement, sql) == false else { return SQLResult() }
      return SQLResult(nil, summary(before, lastId, sql))
    }
    var rows: SQLPackedRows?
    while try step(statement, sql) {
      if rows == nil {
        statement.readColumns()
        rows = SQLPackedRows(statement.columns)
      }
      if let rows {
        statement.read(into: rows)
        try check(rows, sql)
      }
    }
    statement.readColumns()
    let isChange = sqlite3_total_changes64(handle) != before
    return SQLResult(
      rows ?? SQLPackedRows(statement.columns), isChange ? summary(before, lastId, sql) : .init())
  }

  private func check(_ rows: SQLPackedRows, _ sql: String) throws(SQLError) {
    if options.maxRows > 0, rows.rowCount > options.maxRows {
      throw .limit(
        "the result has more than \(options.maxRows) rows (maxRows); use stream", sql: sql)
    }
    if options.maxBytes > 0, rows.byteCount > options.maxBytes {
      throw .limit(
        "the result has more than \(options.maxBytes) bytes (maxBytes); use stream", sql: sql)
    }
  }

  private func summary(_ before: Int64, _ lastId: Int64, _ sql: String) -> SQLResult.Summary {
    var summary = SQLResult.Summary()
    // The library keeps the count of the last change; this statement may not have been one.
    guard sqlite3_total_changes64(handle) != before else { return summary }
    summary.affectedRows = Int(clamping: sqlite3_changes64(handle))
    let word = SQLiteText.firstWord(sql)
    let id = sqlite3_last_insert_rowid(handle)
    if word == "INSERT" || word == "REPLACE" || id != lastId {
      summary.insertId = UInt64(clamping: id)
    } else if word == "UPDATE" {
      summary.changedRows = summary.affectedRows
    }
    return summary
  }

  /// - Returns: whether there is a row.
  func step(_ statement: SQLiteStatement, _ sql: String) throws(SQLError) -> Bool {
    switch sqlite3_step(statement.handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let status: throw failure(status, sql)
    }
  }

  private func failure(_ status: Int32, _ sql: String) -> SQLError {
    if let stop, status & 0xFF == SQLITE_INTERRUPT || status & 0xFF == SQLITE_BUSY {
      if stop.wasCancelled {
        return .sqlite(SQLITE_INTERRUPT, "the statement was cancelled", sql: sql)
      }
      if stop.isLate {
        return .sqlite(
          SQLITE_INTERRUPT,
          "the statement took longer than \(options.queryTimeout)ms (queryTimeout)",
          sql: sql)
      }
    }
    return .sqlite(status, String(cString: sqlite3_errmsg(handle)), sql: sql)
  }

  // MARK: ends of transactions

  private func checkTransaction(_ sql: String) throws(SQLError) {
    guard isInTransaction else {
      throw SQLError(
        code: SQLError.transactionEnded.code,
        "the transaction was ended by a statement in it, or rolled back by a failure", sql: sql)
    }
  }

  func commit() throws(SQLError) {
    try checkTransaction("COMMIT")
    try run("COMMIT")
  }

  /// Nothing is left to do where a failure has rolled back already.
  func rollback() throws(SQLError) {
    if isInTransaction { try run("ROLLBACK") }
  }

  // MARK: cursors

  /// A statement of its own, not shared with the cache, that stands before its first row.
  ///
  /// - Returns: nil when a reader was asked to write.
  func open(_ sql: String, _ parameters: [SQLValue]) throws(SQLError) -> SQLiteStatement? {
    guard let (statement, tail) = try prepare(Array(sql.utf8)[...], sql), tail.isEmpty else {
      throw .refused("stream: expected one statement", sql: sql)
    }
    guard statement.columnCount > 0 else {
      throw .refused("stream: the statement gives no rows", sql: sql)
    }
    if role == .reader, !statement.isReadOnly { return nil }
    guard statement.parameterCount == parameters.count else {
      throw .refused(
        "expected \(statement.parameterCount) parameters, found \(parameters.count)", sql: sql)
    }
    try statement.bind(parameters, sql: sql)
    return statement
  }

  /// The next rows of `statement`; fewer than `count` at its end.
  func rows(
    _ statement: SQLiteStatement, _ count: Int, _ bytes: Int, _ stop: SQLiteStop, _ sql: String
  )
    throws(SQLError) -> (rows: SQLPackedRows, isAtEnd: Bool)
  {
    begin(stop)
    defer { self.stop = nil }
    var rows: SQLPackedRows?
    while rows.map({ $0.rowCount < count && $0.byteCount < bytes }) ?? true {
      guard try step(statement, sql) else {
        return (rows ?? SQLPackedRows(statement.columns), true)
      }
      if rows == nil {
        statement.readColumns()
        rows = SQLPackedRows(statement.columns)
      }
      if let rows { statement.read(into: rows) }
    }
    return (rows ?? SQLPackedRows(statement.columns), false)
  }

  // MARK: prepared statements

  /// Longer texts are prepared each time: they were put together for one use.
  private static let cachedLength = 4096

  /// - Returns: the statement that `text` begins with and what is behind it; nil when there is none.
  private func statement(_ sql: String, _ text: ArraySlice<UInt8>) throws(SQLError)
    -> (SQLiteStatement, ArraySlice<UInt8>)?
  {
    let isWhole = text.count == sql.utf8.count
    if isWhole, let known = statements[sql] {
      uses += 1
      known.lastUse = uses
      return (known, [])
    }
    guard let (statement, tail) = try prepare(text, sql) else { return nil }
    if !tail.isEmpty, !options.multipleStatements {
      throw .refused(
        "expected one statement, found several; multipleStatements allows them", sql: sql)
    }
    if isWhole, tail.isEmpty, text.count <= Self.cachedLength { remember(statement, sql) }
    return (statement, tail)
  }

  private func remember(_ statement: SQLiteStatement, _ sql: String) {
    if statements.count >= options.statementCache,
      let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      statements[oldest.key] = nil
    }
    uses += 1
    statement.lastUse = uses
    statements[sql] = statement
  }

  private func prepare(_ text: ArraySlice<UInt8>, _ sql: String) throws(SQLError)
    -> (SQLiteStatement, ArraySlice<UInt8>)?
  {
    guard !text.contains(0) else { throw .refused("the text has a NUL in it", sql: sql) }
    var text = text
    while !text.isEmpty {
      var made: OpaquePointer?
      var used = 0
      let status = text.withUnsafeBytes { bytes in
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        var tail: UnsafePointer<CChar>?
        let status = sqlite3_prepare_v3(
          handle, start, Int32(clamping: bytes.count), UInt32(SQLITE_PREPARE_PERSISTENT), &made,
          &tail)
        if let start, let tail { used = tail - start }
        return status
      }
      guard status == SQLITE_OK else { throw failure(status, sql) }
      text = text.dropFirst(used)
      if let made { return (SQLiteStatement(made, options), SQLiteText.trimmed(text)) }
      // Only a comment or a semicolon.
      if used == 0 { return nil }
    }
    return nil
  }

  // MARK: giving up

  private func begin(_ stop: SQLiteStop) {
    self.stop = stop
    waitsUntil = SQLiteStop.now + UInt64(options.busyTimeout) * 1_000_000
  }

  fileprivate var hasToStop: Bool { stop.map { $0.wasCancelled || $0.isLate } ?? false }

  /// Another process has the lock: sleeps a little.
  fileprivate func waits(_ times: Int32) -> Bool {
    guard !hasToStop, SQLiteStop.now < waitsUntil else { return false }
    usleep(useconds_t(min(20, 1 + times) * 1000))
    return true
  }
}

private nonisolated let wantsStop: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = {
  guard let state = $0 else { return 0 }
  return Unmanaged<SQLiteConnection>.fromOpaque(state).takeUnretainedValue().hasToStop ? 1 : 0
}

private nonisolated let waitForLock: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32 = {
  guard let state = $0 else { return 0 }
  return Unmanaged<SQLiteConnection>.fromOpaque(state).takeUnretainedValue().waits($1) ? 1 : 0
}
