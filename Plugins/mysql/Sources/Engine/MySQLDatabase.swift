import EggSQL

/// A database through its pool: what `app.mysql` runs on.
///
///     let database = MySQLDatabase(options, loop)
///     let rows = try await database.query("select * from posts where id = ?", [1])
///     await database.end()
public final class MySQLDatabase: SQLDatabase {
  public let options: MySQLOptions
  let pool: MySQLPool
  public var dialect: SQLDialect { .mysql }
  var before: [@MainActor (String) async throws -> String?] = []
  var after: [@MainActor (SQLQueryReport) -> Void] = []

  /// - Parameter renewal: gives each new connection its options: who comes in, and where.
  public init(
    _ options: MySQLOptions, _ loop: any MySQLLoop,
    renewal: (@MainActor (MySQLOptions) async throws -> MySQLOptions)? = nil
  ) {
    self.options = options
    pool = MySQLPool(options, loop, renewal: renewal)
  }

  nonisolated deinit {}

  // MARK: statements

  public func run(_ statement: SQLStatement) async throws -> SQLResult {
    try await withConnection { try await self.run(statement, on: $0) }
  }

  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try await withConnection { try await self.execute(sql, parameters, on: $0) }
  }

  private func withConnection(_ body: (MySQLConnection) async throws -> SQLResult) async throws
    -> SQLResult
  {
    let connection = try await pool.acquire()
    defer { pool.release(connection) }
    return try await body(connection)
  }

  /// - Parameter isStoppable: whether it ends with the task, when that is cancelled.
  func run(_ statement: SQLStatement, on connection: MySQLConnection, isStoppable: Bool = true)
    async throws -> SQLResult
  {
    var text = try connection.text(statement)
    let send = { (text: [UInt8]) in
      guard isStoppable else { return try await connection.run(text) }
      return try await connection.stoppable { try await connection.run(text) }
    }
    guard !before.isEmpty || !after.isEmpty else { return try await send(text) }
    var sql = String(decoding: text, as: UTF8.self)
    for hook in before {
      if let other = try await hook(sql) { sql = other }
    }
    text = Array(sql.utf8)
    return try await reporting(sql, connection) { try await send(text) }
  }

  func execute(_ sql: String, _ parameters: [SQLValue], on connection: MySQLConnection) async throws
    -> SQLResult
  {
    guard !before.isEmpty || !after.isEmpty else {
      return try await connection.stoppable { try await connection.execute(sql, parameters) }
    }
    var sql = sql
    for hook in before {
      if let other = try await hook(sql) { sql = other }
    }
    return try await reporting(sql, connection) {
      try await connection.stoppable { try await connection.execute(sql, parameters) }
    }
  }

  private func reporting(
    _ sql: String, _ connection: MySQLConnection, _ body: () async throws -> SQLResult
  ) async throws -> SQLResult {
    let start = pool.loop.nowMilliseconds
    let result: Result<SQLResult, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    let report = SQLQueryReport(
      sql: sql, result: result, milliseconds: Int(clamping: pool.loop.nowMilliseconds &- start),
      connection: Int(clamping: connection.threadId))
    for hook in after { hook(report) }
    return try result.get()
  }

  // MARK: hooks and facts

  /// Sees every statement before it is sent; text that it returns is sent in its place.
  public func beforeQuery(_ hook: @escaping @MainActor (String) async throws -> String?) {
    before.append(hook)
  }

  /// Hears of every statement when it has ended.
  public func afterQuery(_ hook: @escaping @MainActor (SQLQueryReport) -> Void) {
    after.append(hook)
  }

  /// How the pool's connections are used, by the names that Egg gives.
  public var stats: SQLFields {
    let stats = pool.stats
    return [
      "acquiringConnections": stats.acquiringConnections, "allConnections": stats.allConnections,
      "freeConnections": stats.freeConnections, "connectionQueue": stats.connectionQueue,
      "busyConnections": stats.busyConnections,
    ]
  }

  /// Closes the pool when everybody who has a connection is done. Later statements throw.
  public func end() async { await pool.end() }

  // MARK: transactions and streams

  public func beginTransaction() async throws -> MySQLTransaction {
    let connection = try await pool.acquire()
    do {
      _ = try await run(SQLStatement("BEGIN"), on: connection)
    } catch {
      pool.release(connection)
      throw error
    }
    return MySQLTransaction(self, connection)
  }

  /// Rows in batches, read from the server no faster than they are asked for.
  public func cursor(_ statement: SQLStatement) async throws -> any SQLCursor {
    let connection = try await pool.acquire()
    do {
      return try await MySQLStream(self, connection, connection.text(statement))
    } catch {
      pool.release(connection)
      throw error
    }
  }
}

/// A transaction on a connection of its own.
public final class MySQLTransaction: SQLTransaction {
  private let database: MySQLDatabase
  private var connection: MySQLConnection?
  public var dialect: SQLDialect { .mysql }

  init(_ database: MySQLDatabase, _ connection: MySQLConnection) {
    self.database = database
    self.connection = connection
  }

  /// A forgotten transaction is rolled back, and its connection goes back to the pool.
  nonisolated deinit {
    guard let connection else { return }
    let pool = database.pool
    Task { @MainActor in pool.release(connection) }
  }

  public func run(_ statement: SQLStatement) async throws -> SQLResult {
    try await database.run(statement, on: open())
  }

  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try await database.execute(sql, parameters, on: open())
  }

  public func locks(_ tables: [SQLLock]) async throws {
    let connection = try open()
    _ = try await database.run(.lock(tables), on: connection)
    connection.hasLocks = true
  }

  public func commit() async throws { try await end("COMMIT") }
  public func rollback() async throws { try await end("ROLLBACK") }

  private func end(_ sql: String) async throws {
    let connection = try open()
    self.connection = nil
    defer { database.pool.release(connection) }
    // What has begun to end does so, whoever is gone meanwhile.
    _ = try await database.run(SQLStatement(sql), on: connection, isStoppable: false)
  }

  private func open() throws -> MySQLConnection {
    guard let connection else { throw SQLError.transactionEnded }
    return connection
  }
}
