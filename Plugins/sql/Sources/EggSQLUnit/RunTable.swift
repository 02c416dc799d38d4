import Egg
import EggSQL
import EggSQLClient
internal import PluginABI

/// Statements for other units without calls by name: the C table "egg.sql.run/1".
final class RunTable {
  private let executor: any SQLExecutor
  private let starter: (any SQLStarter)?
  private nonisolated(unsafe) let memory: UnsafeMutablePointer<egg_sql_run>
  private var running: [UInt64: any SQLRunning] = [:]
  private var last: UInt64 = 0
  private let lent = LentMemory()

  init(_ executor: any SQLExecutor) {
    self.executor = executor
    starter = executor as? any SQLStarter
    memory = .allocate(capacity: 1)
    memory.initialize(
      to: egg_sql_run(
        size: UInt32(MemoryLayout<egg_sql_run>.size), flags: 0, run: runStatement,
        execute: executeStatement, cancel: cancelStatement, private_data: nil))
    memory.pointee.private_data = Unmanaged.passUnretained(self).toOpaque()
  }

  nonisolated deinit { memory.deallocate() }

  var table: UnsafeRawPointer { UnsafeRawPointer(memory) }

  /// - Returns: a ticket.
  fileprivate func start(_ request: SQLRequest, _ whom: Caller) -> UInt64 {
    last += 1
    let ticket = last
    var early: Result<SQLResult, any Error>?
    let statement = begin(request) { [self] result in
      if running.removeValue(forKey: ticket) == nil {
        early = result
      } else {
        whom.tell(result, lent)
      }
    }
    if let early {
      // Nobody is told before this has returned.
      Task { whom.tell(early, lent) }
    } else {
      running[ticket] = statement
    }
    return ticket
  }

  private func begin(
    _ request: SQLRequest, _ done: @escaping @MainActor (Result<SQLResult, any Error>) -> Void
  ) -> any SQLRunning {
    if let starter { return starter.start(request, done) }
    return SQLTask({ [executor] in try await executor.perform(request) }, done)
  }

  fileprivate func cancel(_ ticket: UInt64) { running[ticket]?.cancel() }
}

/// Who is told how a statement ended.
private struct Caller {
  let done: egg_sql_done
  let state: UnsafeMutableRawPointer?

  func tell(_ result: Result<SQLResult, any Error>, _ memory: LentMemory) {
    switch result {
    case .success(let result): tell(result, memory)
    case .failure(is CancellationError): done(state, nil, nil)
    case .failure(let error): done(state, nil, EggError(error).lent(in: memory))
    }
    memory.rewind()
  }

  private func tell(_ result: SQLResult, _ memory: LentMemory) {
    let results = memory.allocate(egg_sql_result.self, 1 + result.following.count)
    var rows: [RowsTable] = []
    lay(result, &rows, memory, at: results)
    for (place, result) in result.following.enumerated() {
      lay(result, &rows, memory, at: results + place + 1)
      results[place].next = UnsafePointer(results + place + 1)
    }
    withExtendedLifetime(rows) { done(state, results, nil) }
  }

  private func lay(
    _ result: SQLResult, _ rows: inout [RowsTable], _ memory: LentMemory,
    at place: UnsafeMutablePointer<egg_sql_result>
  ) {
    let summary = result.summary
    place.initialize(to: egg_sql_result())
    place.pointee.size = UInt32(MemoryLayout<egg_sql_result>.size)
    place.pointee.field_count = UInt32(clamping: summary.fieldCount)
    place.pointee.affected_rows = UInt64(clamping: summary.affectedRows)
    place.pointee.insert_id = summary.insertId
    place.pointee.changed_rows = UInt64(clamping: summary.changedRows)
    place.pointee.warning_count = UInt32(clamping: summary.warningCount)
    place.pointee.server_status = UInt32(clamping: summary.serverStatus)
    if !summary.message.isEmpty { place.pointee.message = egg_str(memory.copy(summary.message)) }
    guard let source = result.rowSource else { return }
    let table = RowsTable(source)
    rows.append(table)
    place.pointee.rows = table.table
  }
}

// MARK: - what C calls

private typealias Table = UnsafePointer<egg_sql_run>
private typealias Values = UnsafePointer<egg_value>?

private func owner(_ table: Table) -> RunTable? {
  table.pointee.private_data.map { Unmanaged<RunTable>.fromOpaque($0).takeUnretainedValue() }
}

private func values(_ start: Values, _ count: UInt32) -> [SQLValue] {
  UnsafeBufferPointer(start: start, count: start == nil ? 0 : Int(count)).map {
    SQLValue(SQLCell($0))
  }
}

extension SQLStatement {
  fileprivate init(_ lent: egg_sql_statement) {
    self.init()
    assumesBackslashes = Int(lent.flags) & EGG_SQL_BACKSLASHES != 0
    for place in 0..<Int(lent.value_count) {
      append(lent.texts[place].text)
      if let value = lent.values?[place] { append(SQLValue(SQLCell(value))) }
    }
    append(lent.texts[Int(lent.value_count)].text)
  }
}

private let runStatement = unsafeBitCast(
  { table, statement, done, state in
    owner(table)?.start(.text(SQLStatement(statement.pointee)), Caller(done: done, state: state))
      ?? 0
  }
    as @MainActor @convention(c) (
      Table, UnsafePointer<egg_sql_statement>, egg_sql_done, UnsafeMutableRawPointer?
    ) -> UInt64,
  to: (@convention(c) (
    Table, UnsafePointer<egg_sql_statement>, egg_sql_done, UnsafeMutableRawPointer?
  ) -> UInt64).self)

private let executeStatement = unsafeBitCast(
  { table, sql, start, count, done, state in
    owner(table)?.start(
      .prepared(sql.text, values(start, count)), Caller(done: done, state: state)) ?? 0
  }
    as @MainActor @convention(c) (
      Table, egg_str, Values, UInt32, egg_sql_done, UnsafeMutableRawPointer?
    ) -> UInt64,
  to: (@convention(c) (
    Table, egg_str, Values, UInt32, egg_sql_done, UnsafeMutableRawPointer?
  ) -> UInt64).self)

private let cancelStatement = unsafeBitCast(
  { table, ticket in owner(table)?.cancel(ticket) }
    as @MainActor @convention(c) (Table, UInt64) -> Void,
  to: (@convention(c) (Table, UInt64) -> Void).self)
