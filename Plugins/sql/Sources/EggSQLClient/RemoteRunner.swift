import Egg
import EggSQL
internal import PluginABI

/// Statements through the table "egg.sql.run/1" of a database's object: no call by name, no arguments,
/// no task on the other side.
final class RemoteRunner {
  private let table: UnsafePointer<egg_sql_run>
  /// Whose table it is.
  private let object: ForeignObject
  private let memory = LentMemory()

  /// - Returns: nil for an object without that table, or when the plugin has not started yet.
  init?(_ object: ForeignObject) {
    guard let table = object.interface(SQLWire.runID) else { return nil }
    self.object = object
    self.table = table.assumingMemoryBound(to: egg_sql_run.self)
  }

  nonisolated deinit {}

  func run(_ statement: SQLStatement) async throws -> SQLResult {
    try await settled { done, state in
      let count = statement.values.count
      let texts = memory.allocate(egg_str.self, count + 1)
      let values = memory.allocate(egg_value.self, count)
      return statement.sql.withUnsafeBytes { sql in
        var place = 0
        statement.pieces { range, value in
          texts[place] = egg_str(UnsafeRawBufferPointer(rebasing: sql[range]))
          guard let value else { return }
          values[place] = egg_value(memory.copy(value))
          place += 1
        }
        var lent = egg_sql_statement(
          size: UInt32(MemoryLayout<egg_sql_statement>.size),
          flags: statement.assumesBackslashes ? UInt32(EGG_SQL_BACKSLASHES) : 0,
          texts: texts, values: values, value_count: UInt32(clamping: count), reserved: 0)
        return table.pointee.run(table, &lent, done, state)
      }
    }
  }

  /// - Parameter parameters: scalars.
  func execute(_ sql: String, _ parameters: [SQLValue]) async throws -> SQLResult {
    try await settled { done, state in
      let values = memory.allocate(egg_value.self, parameters.count)
      for (place, value) in parameters.enumerated() {
        values[place] = egg_value(memory.copy(value))
      }
      return table.pointee.execute(
        table, egg_str(memory.copy(sql)), values, UInt32(clamping: parameters.count), done, state)
    }
  }

  private func settled(_ start: (@escaping egg_sql_done, UnsafeMutableRawPointer) -> UInt64)
    async throws -> SQLResult
  {
    try Task.checkCancellation()
    let awaited = AwaitedStatement()
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        awaited.continuation = continuation
        awaited.ticket = start(statementDone, Unmanaged.passRetained(awaited).toOpaque())
        memory.rewind()
      }
    } onCancel: {
      Task { @MainActor in self.table.pointee.cancel(self.table, awaited.ticket) }
    }
  }
}

/// A statement that a task waits for.
private final class AwaitedStatement {
  var continuation: UnsafeContinuation<SQLResult, any Error>?
  var ticket: UInt64 = 0

  nonisolated deinit {}

  func settle(_ result: egg_sql_result?, _ error: egg_error?) {
    guard let continuation = continuation.take() else { return }
    if let result {
      continuation.resume(returning: SQLResult(result))
    } else if let error {
      let error = EggError(error)
      continuation.resume(throwing: SQLError(error) ?? error)
    } else {
      continuation.resume(throwing: CancellationError())
    }
  }
}

extension SQLResult {
  /// Keeps the rows of a result that was lent, and of those behind it.
  fileprivate init(_ lent: egg_sql_result) {
    var first = SQLResult(one: lent)
    var next = lent.next
    while let result = next {
      first.following.append(SQLResult(one: result.pointee))
      next = result.pointee.next
    }
    self = first
  }

  private init(one lent: egg_sql_result) {
    var summary = Summary()
    summary.fieldCount = Int(lent.field_count)
    summary.affectedRows = Int(clamping: lent.affected_rows)
    summary.insertId = lent.insert_id
    summary.changedRows = Int(clamping: lent.changed_rows)
    summary.warningCount = Int(lent.warning_count)
    summary.serverStatus = Int(lent.server_status)
    if lent.message.len > 0 { summary.message = lent.message.text }
    self.init(lent.rows.map { RemoteRows(retaining: $0) }, summary)
  }
}

private let statementDone = unsafeBitCast(
  { state, result, error in
    guard let state else { return }
    Unmanaged<AwaitedStatement>.fromOpaque(state).takeRetainedValue()
      .settle(result?.pointee, error?.pointee)
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<egg_sql_result>?, UnsafePointer<egg_error>?
    ) -> Void,
  to: egg_sql_done.self)
