import EggSQL

/// A transaction: it has the connection that writes for itself.
public final class SQLiteTransaction: SQLTransaction {
  private let database: SQLiteDatabase
  private var connection: SQLiteConnection?
  private var isRunning = false
  public var dialect: SQLDialect { .sqlite }

  init(_ database: SQLiteDatabase, _ connection: SQLiteConnection) {
    self.database = database
    self.connection = connection
  }

  /// A forgotten transaction is rolled back, and its connection goes back.
  nonisolated deinit {
    guard let connection else { return }
    let lane = database.writers
    Task { @MainActor in lane.release(connection) }
  }

  public func run(_ statement: SQLStatement) async throws -> SQLResult {
    try await alone { try await self.database.run(statement, on: $0) }
  }

  public func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try await alone { try await self.database.execute(sql, parameters, on: $0) }
  }

  /// - Throws: always: SQLite locks the whole file, and a transaction has that lock.
  public func locks(_ tables: [SQLLock]) async throws {
    throw SQLError.refused(
      "SQLite has no LOCK TABLES; a transaction has the lock of the whole database",
      sql: try SQLStatement.lock(tables).text(SQLEscaping(dialect: .sqlite)))
  }

  public func commit() async throws { try await end { try $0.commit() } }
  public func rollback() async throws { try await end { try $0.rollback() } }

  /// Not interrupted by anybody. When it fails, the connection is rolled back by its lane.
  private func end(_ body: @escaping @Sendable (SQLiteConnection) throws -> Void) async throws {
    try await alone { connection in
      self.connection = nil
      defer { self.database.writers.release(connection) }
      try await self.database.loop.run { try body(connection) }
    }
  }

  private func alone<T>(_ body: (SQLiteConnection) async throws -> T) async throws -> T {
    guard let connection else { throw SQLError.transactionEnded }
    guard !isRunning else {
      throw SQLError(
        code: "EGG_SQL_BUSY", "a statement of this transaction runs already; await it first")
    }
    isRunning = true
    defer { isRunning = false }
    return try await body(connection)
  }
}
