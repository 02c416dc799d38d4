import EggSQL

/// The rows of one statement, a batch at a time. The statement stands still in between.
public final class SQLiteCursor: SQLCursor {
  /// A statement on its way between threads, one of which uses it at a time.
  nonisolated struct Opened: @unchecked Sendable {
    let statement: SQLiteStatement
  }

  private let database: SQLiteDatabase
  private let lane: SQLiteLane
  private var connection: SQLiteConnection?
  private var opened: Opened?
  private let sql: String
  private var isRunning = false

  /// A batch ends with either.
  private nonisolated static let batchRows = 256
  private nonisolated static let batchBytes = 64 << 10

  init(
    _ database: SQLiteDatabase, _ lane: SQLiteLane, _ connection: SQLiteConnection,
    _ opened: Opened, _ sql: String
  ) {
    self.database = database
    self.lane = lane
    self.connection = connection
    self.opened = opened
    self.sql = sql
  }

  nonisolated deinit {
    guard let connection else { return }
    let (lane, opened) = (lane, opened)
    Task { @MainActor in
      // The statement ends before somebody else has its connection.
      opened?.statement.end()
      lane.release(connection)
    }
  }

  /// - Throws: `SQLError`; there are no more rows then.
  public func next() async throws -> (any SQLRowSource)? {
    guard let connection, let opened else { return nil }
    guard !isRunning else {
      throw SQLError(code: "EGG_SQL_BUSY", "the cursor is being read already", sql: sql)
    }
    isRunning = true
    defer { isRunning = false }
    let sql = sql
    do {
      let (rows, isAtEnd) = try await database.work { stop in
        try connection.rows(opened.statement, Self.batchRows, Self.batchBytes, stop, sql)
      }
      if isAtEnd { finish() }
      return rows.rowCount > 0 ? rows : nil
    } catch {
      finish()
      throw error
    }
  }

  /// Gives the rest up; one that is being read ends with its batch.
  public func close() {
    if !isRunning { finish() }
  }

  private func finish() {
    guard let connection else { return }
    opened?.statement.end()
    opened = nil
    self.connection = nil
    lane.release(connection)
  }
}
