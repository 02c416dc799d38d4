import EggSQL

/// A database file through its connections: what `app.sqlite` runs on.
///
///     let database = SQLiteDatabase(options, loop)
///     let rows = try await database.query("select * from posts where id = ?", [1])
///     await database.end()
///
/// One connection writes, the others read; each statement runs on a thread that may block.
public final class SQLiteDatabase: SQLDatabase {
  public let options: SQLiteOptions
  let loop: any SQLiteLoop
  let writers: SQLiteLane
  let readers: SQLiteLane
  public var dialect: SQLDialect { .sqlite }
  private var before: [@MainActor (String) async throws -> String?] = []
  private var after: [@MainActor (SQLQueryReport) -> Void] = []

  public init(_ options: SQLiteOptions, _ loop: any SQLiteLoop) {
    self.options = options
    self.loop = loop
    writers = SQLiteLane(options, loop, .writer, limit: 1)
    // Every connection to `:memory:` would be a database of its own.
    readers =
      options.isInMemory || options.connectionLimit < 2
      ? writers : SQLiteLane(options, loop, .reader, limit: options.connectionLimit - 1)
  }

  nonisolated deinit {}

  // MARK: statements

  public func run(_ statement: SQLStatement) async throws -> SQLResult {
    try await run(statement, on: nil)
  }

  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try await execute(sql, parameters, on: nil)
  }

  /// What every SQLite takes; above it values are written into the text.
  ///
  /// - Source: SQLite, Implementation Limits, SQLITE_MAX_VARIABLE_NUMBER.
  private static let parameterLimit = 32_766

  func run(_ statement: SQLStatement, on connection: SQLiteConnection?) async throws -> SQLResult {
    let escaping = SQLEscaping(dialect: .sqlite, timeZone: options.timeZone)
    if before.isEmpty, after.isEmpty {
      let (sql, parameters) = statement.prepared
      if parameters.count <= Self.parameterLimit {
        return try await perform(sql, parameters, connection)
      }
    }
    return try await execute(statement.text(escaping), [], on: connection)
  }

  func execute(_ sql: String, _ parameters: [SQLValue], on connection: SQLiteConnection?)
    async throws -> SQLResult
  {
    guard !before.isEmpty || !after.isEmpty else {
      return try await perform(sql, parameters, connection)
    }
    var sql = sql
    for hook in before {
      if let other = try await hook(sql) { sql = other }
    }
    let start = SQLiteStop.now
    let result: Result<SQLResult, any Error>
    do { result = .success(try await perform(sql, parameters, connection)) } catch {
      result = .failure(error)
    }
    let report = SQLQueryReport(
      sql: sql, result: result, milliseconds: Int((SQLiteStop.now - start) / 1_000_000))
    for hook in after { hook(report) }
    return try result.get()
  }

  private func perform(_ sql: String, _ parameters: [SQLValue], _ owned: SQLiteConnection?)
    async throws -> SQLResult
  {
    if let owned {
      return try await work { try owned.run(sql, parameters, $0, inTransaction: true) }
        ?? SQLResult()
    }
    if readers !== writers, SQLiteText.mayRead(sql) {
      let result = try await with(readers) { connection in
        try await work { try connection.run(sql, parameters, $0) }
      }
      if let result { return result }
    }
    return try await with(writers) { connection in
      try await work { try connection.run(sql, parameters, $0) }
    } ?? SQLResult()
  }

  private func with<T>(_ lane: SQLiteLane, _ body: (SQLiteConnection) async throws -> T)
    async throws -> T
  {
    let connection = try await lane.acquire()
    defer { lane.release(connection) }
    return try await body(connection)
  }

  /// Runs `body` where it may block; it is interrupted when this task is cancelled.
  func work<T: Sendable>(_ body: @escaping @Sendable (SQLiteStop) throws -> T) async throws -> T {
    try Task.checkCancellation()
    let stop = SQLiteStop(timeout: options.queryTimeout)
    return try await withTaskCancellationHandler {
      do {
        return try await loop.run { try body(stop) }
      } catch  where stop.wasCancelled {
        throw CancellationError()
      }
    } onCancel: {
      stop.cancel()
    }
  }

  // MARK: hooks and facts

  public func beforeQuery(_ hook: @escaping @MainActor (String) async throws -> String?) {
    before.append(hook)
  }

  public func afterQuery(_ hook: @escaping @MainActor (SQLQueryReport) -> Void) {
    after.append(hook)
  }

  public var stats: SQLFields {
    let lanes = readers === writers ? [writers] : [writers, readers]
    func sum(_ count: (SQLiteLane) -> Int) -> Int { lanes.reduce(0) { $0 + count($1) } }
    return [
      "acquiringConnections": sum(\.opening),
      "allConnections": sum { $0.free + $0.busy + $0.opening },
      "freeConnections": sum(\.free), "connectionQueue": sum(\.waiting),
      "busyConnections": sum(\.busy),
    ]
  }

  public func end() async {
    await readers.end()
    await writers.end()
  }

  // MARK: transactions and cursors

  /// Waits for the connection that writes, and takes the file's lock for writing at once: a
  /// transaction that began by reading could not get it any more when somebody else has written.
  public func beginTransaction() async throws -> SQLiteTransaction {
    let connection = try await writers.acquire()
    do {
      _ = try await work { try connection.run("BEGIN IMMEDIATE", [], $0) }
    } catch {
      writers.release(connection)
      throw error
    }
    return SQLiteTransaction(self, connection)
  }

  public func cursor(_ statement: SQLStatement) async throws -> any SQLCursor {
    let (sql, parameters) = statement.prepared
    if readers !== writers, SQLiteText.mayRead(sql),
      let cursor = try await cursor(sql, parameters, readers)
    {
      return cursor
    }
    guard let cursor = try await cursor(sql, parameters, writers) else {
      throw SQLError.refused("stream: the statement cannot be run", sql: sql)
    }
    return cursor
  }

  private func cursor(_ sql: String, _ parameters: [SQLValue], _ lane: SQLiteLane) async throws
    -> SQLiteCursor?
  {
    let connection = try await lane.acquire()
    do {
      let opened = try await work { _ in
        try connection.open(sql, parameters).map { SQLiteCursor.Opened(statement: $0) }
      }
      if let opened { return SQLiteCursor(self, lane, connection, opened, sql) }
    } catch {
      lane.release(connection)
      throw error
    }
    lane.release(connection)
    return nil
  }
}
