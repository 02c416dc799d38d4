import EggSQL

/// A database through its pool: what `app.mysql` runs on.
///
///     let database = MySQLDatabase(options, loop)
///     let rows = try await database.query("select * from posts where id = ?", [1])
///     await database.end()
public final class MySQLDatabase: SQLDatabase, SQLStarter {
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
    try await withConnection { try await self.perform(.text(statement), on: $0) }
  }

  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try await withConnection { try await self.perform(.prepared(sql, parameters), on: $0) }
  }

  private func withConnection(_ body: (MySQLConnection) async throws -> SQLResult) async throws
    -> SQLResult
  {
    let connection = try await pool.acquire()
    defer { pool.release(connection) }
    return try await body(connection)
  }

  /// What needs nobody's patience has no task: a connection is free, and no hook wants the statement.
  public func start(
    _ request: SQLRequest, _ done: @escaping @MainActor (Result<SQLResult, any Error>) -> Void
  ) -> any SQLRunning {
    guard !hasHooks, let connection = pool.takeFree() else {
      return SQLTask({ try await self.perform(request) }, done)
    }
    return connection.start(request) { [pool] result in
      pool.release(connection)
      done(result)
    }
  }

  var hasHooks: Bool { !before.isEmpty || !after.isEmpty }

  /// - Parameter isStoppable: whether it ends with the task, when that is cancelled.
  func perform(_ request: SQLRequest, on connection: MySQLConnection, isStoppable: Bool = true)
    async throws -> SQLResult
  {
    guard hasHooks else { return try await connection.perform(request, isStoppable) }
    switch request {
    case .text(let statement):
      let text = String(decoding: try connection.text(statement), as: UTF8.self)
      return try await reporting(text, connection) {
        try await connection.perform(.text(SQLStatement($0)), isStoppable)
      }
    case .prepared(let sql, let parameters):
      return try await reporting(sql, connection) {
        try await connection.perform(.prepared($0, parameters), isStoppable)
      }
    }
  }

  private func reporting(
    _ sql: String, _ connection: MySQLConnection, _ body: (String) async throws -> SQLResult
  ) async throws -> SQLResult {
    var sql = sql
    for hook in before {
      if let other = try await hook(sql) { sql = other }
    }
    let start = pool.loop.nowNanoseconds
    let result: Result<SQLResult, any Error>
    do { result = .success(try await body(sql)) } catch { result = .failure(error) }
    let report = SQLQueryReport(
      sql: sql, result: result, milliseconds: pool.loop.time(since: start),
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
      _ = try await perform(.text(SQLStatement("BEGIN")), on: connection)
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
public final class MySQLTransaction: SQLTransaction, SQLStarter {
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
    try await database.perform(.text(statement), on: open())
  }

  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try await database.perform(.prepared(sql, parameters), on: open())
  }

  public func start(
    _ request: SQLRequest, _ done: @escaping @MainActor (Result<SQLResult, any Error>) -> Void
  ) -> any SQLRunning {
    guard !database.hasHooks, let connection else {
      return SQLTask({ try await self.perform(request) }, done)
    }
    // Who forgets the transaction meanwhile does not have it rolled back under the statement.
    return connection.start(request) { result in withExtendedLifetime(self) { done(result) } }
  }

  public func locks(_ tables: [SQLLock]) async throws {
    let connection = try open()
    _ = try await database.perform(.text(.lock(tables)), on: connection)
    connection.hasLocks = true
  }

  public func commit() async throws { try await end("COMMIT") }
  public func rollback() async throws { try await end("ROLLBACK") }

  private func end(_ sql: String) async throws {
    let connection = try open()
    self.connection = nil
    defer { database.pool.release(connection) }
    // What has begun to end does so, whoever is gone meanwhile.
    _ = try await database.perform(
      .text(SQLStatement(sql)), on: connection, isStoppable: false)
  }

  private func open() throws -> MySQLConnection {
    guard let connection else { throw SQLError.transactionEnded }
    return connection
  }
}
