internal import CMariaDB
import EggSQL

/// The rows of one statement, a batch at a time. What was not asked for yet waits at the server.
///
/// One that is given up before its end costs its connection, which is cheaper than reading the rest.
public final class MySQLStream: SQLCursor {
  private let database: MySQLDatabase
  private var connection: MySQLConnection?
  // Touched on the main actor only, and by `deinit`, which nobody else sees.
  private nonisolated(unsafe) var result: UnsafeMutablePointer<MYSQL_RES>?
  private let fields: [MySQLField]
  private let sql: [UInt8]
  private var isReading = false
  private let columns: SQLColumns

  /// A batch ends with either.
  private static let batchRows = 256
  private static let batchBytes = 64 << 10

  init(_ database: MySQLDatabase, _ connection: MySQLConnection, _ sql: [UInt8]) async throws {
    self.database = database
    self.sql = sql
    try connection.take()
    var hasRows = false
    do {
      try await connection.stoppable {
        try await connection.send(sql)
        hasRows = true
      }
    } catch {
      // Stopped with an answer on its way, which nobody reads.
      if hasRows { connection.giveUp(.connectionLost) }
      connection.finish()
      throw error
    }
    guard let result = mysql_use_result(connection.handle) else {
      connection.finish()
      guard mysql_field_count(connection.handle) == 0 else {
        throw connection.fail(MySQLConnection.text(sql))
      }
      throw SQLError(
        code: "EGG_SQL_STATEMENT", "stream: the statement gives no rows",
        sql: MySQLConnection.text(sql))
    }
    self.result = result
    self.connection = connection
    fields = MySQLField.all(of: result, connection.rules)
    columns = SQLColumns(fields.map(\.name))
  }

  nonisolated deinit {
    guard let connection else { return }
    let pool = database.pool
    nonisolated(unsafe) let result = result
    Task { @MainActor in MySQLStream.abandon(connection, result, pool) }
  }

  /// The next rows; nil at the end.
  ///
  /// - Throws: `SQLError`; there are no more rows then.
  public func next() async throws -> (any SQLRowSource)? {
    guard let connection, let result, !isReading else { return nil }
    isReading = true
    do {
      let batch = try await connection.stoppable { try await read(connection, result) }
      isReading = false
      if batch.isLast { finish() }
      return batch.isLast && batch.rows.rowCount == 0 ? nil : batch.rows
    } catch {
      isReading = false
      close()
      throw error
    }
  }

  private func read(_ connection: MySQLConnection, _ result: UnsafeMutablePointer<MYSQL_RES>)
    async throws -> (rows: SQLPackedRows, isLast: Bool)
  {
    let rows = SQLPackedRows(columns)
    while rows.rowCount < Self.batchRows, rows.byteCount < Self.batchBytes {
      var row: MYSQL_ROW?
      try await connection.perform(
        { mysql_fetch_row_start(&row, result) }, { mysql_fetch_row_cont(&row, result, $0) })
      if row == nil, mysql_errno(connection.handle) != 0 {
        throw connection.fail(MySQLConnection.text(sql))
      }
      guard let row, let lengths = mysql_fetch_lengths(result) else { return (rows, true) }
      for (column, field) in fields.enumerated() {
        guard let start = row[column] else {
          rows.appendNull()
          continue
        }
        field.append(UnsafeRawBufferPointer(start: start, count: Int(lengths[column])), to: rows)
      }
      rows.endRow()
    }
    return (rows, false)
  }

  /// Gives the rest up.
  public func close() {
    guard let connection else { return }
    // The library works with the result; who reads comes here again.
    if isReading { return connection.giveUp(.connectionLost) }
    Self.abandon(connection, result, database.pool)
    self.connection = nil
    result = nil
  }

  private func finish() {
    guard let connection else { return }
    mysql_free_result(result)
    connection.finish()
    database.pool.release(connection)
    self.connection = nil
    result = nil
  }

  private static func abandon(
    _ connection: MySQLConnection, _ result: UnsafeMutablePointer<MYSQL_RES>?, _ pool: MySQLPool
  ) {
    // First the socket, so that freeing does not read the rest.
    connection.giveUp(.connectionLost)
    mysql_free_result(result)
    connection.finish()
    pool.release(connection)
  }
}
