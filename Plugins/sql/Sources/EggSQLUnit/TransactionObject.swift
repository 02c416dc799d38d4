import Egg
import EggSQL
import EggSQLClient

/// What `beginTransaction` gives other units.
final class TransactionObject: ExportedObject {
  let objectType = "egg.sql.transaction/1"
  private let transaction: any SQLTransaction
  private let statements: Statements
  private let runTable: RunTable

  init(_ transaction: any SQLTransaction, _ statements: Statements) {
    self.transaction = transaction
    self.statements = statements
    runTable = RunTable(transaction)
  }

  nonisolated deinit {}

  func interface(_ id: String) -> UnsafeRawPointer? {
    id == SQLWire.runID ? runTable.table : nil
  }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "commit": try await transaction.commit()
    case "rollback": try await transaction.rollback()
    case "locks":
      try await transaction.locks((args[0].array ?? []).map { try lock($0) })
    case "lockOne":
      try await transaction.locks([
        lock(["tableName": args[0], "lockType": args[1], "tableAlias": args[2]])
      ])
    case "unlock": try await transaction.unlock()
    default:
      guard let value = try await statements.call(method, args, on: transaction) else {
        throw noSuchMethod(method)
      }
      return value
    }
    return .undefined
  }

  private func lock(_ value: Value) throws -> SQLLock {
    guard let table = value.tableName.string, !table.isEmpty else {
      throw SQLError(code: "EGG_SQL_STATEMENT", "lock: expected \"tableName\", found none")
    }
    guard let kind = value.lockType.string, !kind.isEmpty else {
      throw SQLError(
        code: "EGG_SQL_STATEMENT", "lock of \"\(table)\": expected \"lockType\", found none")
    }
    let alias = value.tableAlias.string
    return SQLLock(table, try .init(named: kind), alias: alias == "" ? nil : alias)
  }
}

/// A statement's rows, batch by batch.
final class CursorObject: ExportedObject {
  let objectType = "egg.sql.cursor/1"
  private let cursor: any SQLCursor
  private let statements: Statements

  init(_ cursor: any SQLCursor, _ statements: Statements) {
    self.cursor = cursor
    self.statements = statements
  }

  nonisolated deinit {}

  /// - `next()`: rows, or null at the end.
  /// - `close()`: gives the rest up.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "next":
      let rows = try await statements.running.under(args[0]) { try await cursor.next() }
      return rows.map { statements.answers.reference(SQLResult($0)) } ?? .null
    case "close":
      cursor.close()
      return .undefined
    case "cancel":
      statements.running.cancel(args[0])
      return .undefined
    default: throw noSuchMethod(method)
    }
  }
}
