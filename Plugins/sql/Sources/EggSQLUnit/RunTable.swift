import Egg
import EggSQL
import EggSQLClient
internal import PluginABI

/// Statements for other units without calls by name: the C table "egg.sql.run/1".
final class RunTable {
  private let executor: any SQLExecutor
  private let starter: (any SQLStarter)?
  private nonisolated(unsafe) let memory: UnsafeMutablePointer<egg_sql_run>
  /// By place; the upper half of a ticket tells those apart that had one after the other.
  private var running: [Asked?] = []
  private var free: [Int] = []
  private var last: UInt32 = 0
  private let lent = LentMemory()
  /// The statement that came last: its room is used again when nobody has kept it.
  private var statement = SQLStatement()

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

  fileprivate func run(_ lent: egg_sql_statement, _ caller: Caller) -> UInt64 {
    statement.take(lent)
    defer { if statement.sql.count > 1 << 16 { statement = SQLStatement() } }
    return start(.text(statement), caller)
  }

  /// - Returns: a ticket.
  fileprivate func start(_ request: SQLRequest, _ caller: Caller) -> UInt64 {
    let asked = asked(caller)
    asked.isStarting = true
    asked.statement = begin(request) { self.ended(asked, $0) }
    asked.isStarting = false
    return asked.ticket
  }

  private func begin(
    _ request: SQLRequest, _ done: @escaping @MainActor (Result<SQLResult, any Error>) -> Void
  ) -> any SQLRunning {
    if let starter { return starter.start(request, done) }
    return SQLTask({ [executor] in try await executor.perform(request) }, done)
  }

  private func asked(_ caller: Caller) -> Asked {
    last &+= 1
    let place = free.popLast() ?? running.count
    if place == running.count { running.append(nil) }
    let asked = Asked(caller, UInt64(last) << 32 | UInt64(place))
    running[place] = asked
    return asked
  }

  private func ended(_ asked: Asked, _ result: Result<SQLResult, any Error>) {
    let place = Int(truncatingIfNeeded: asked.ticket & 0xFFFF_FFFF)
    running[place] = nil
    free.append(place)
    asked.statement = nil
    guard asked.isStarting else { return asked.caller.tell(result, lent) }
    // Nobody is told before the function that started it has returned.
    Task { asked.caller.tell(result, lent) }
  }

  fileprivate func cancel(_ ticket: UInt64) {
    let place = Int(truncatingIfNeeded: ticket & 0xFFFF_FFFF)
    guard place < running.count, let asked = running[place], asked.ticket == ticket else { return }
    asked.statement?.cancel()
  }
}

/// A statement that runs for somebody.
private final class Asked {
  let caller: Caller
  let ticket: UInt64
  var statement: (any SQLRunning)?
  var isStarting = false

  init(_ caller: Caller, _ ticket: UInt64) {
    self.caller = caller
    self.ticket = ticket
  }

  nonisolated deinit {}
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
    let first = lay(result, memory, at: results)
    var others: [RowsTable?] = []
    for (place, result) in result.following.enumerated() {
      others.append(lay(result, memory, at: results + place + 1))
      results[place].next = UnsafePointer(results + place + 1)
    }
    withExtendedLifetime((first, others)) { done(state, results, nil) }
  }

  /// - Returns: what the rows are read through.
  private func lay(
    _ result: SQLResult, _ memory: LentMemory, at place: UnsafeMutablePointer<egg_sql_result>
  ) -> RowsTable? {
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
    let rows = result.rowSource.map { RowsTable($0) }
    place.pointee.rows = rows?.table
    return rows
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
  /// Becomes a copy of what was lent.
  fileprivate mutating func take(_ lent: egg_sql_statement) {
    let count = Int(lent.value_count)
    let texts = UnsafeBufferPointer(start: lent.texts, count: count + 1)
    removeAll()
    assumesBackslashes = Int(lent.flags) & EGG_SQL_BACKSLASHES != 0
    for (place, text) in texts.enumerated() {
      append(sql: UnsafeRawBufferPointer(start: text.ptr, count: text.ptr == nil ? 0 : text.len))
      if place < count, let value = lent.values?[place] { append(SQLValue(SQLCell(value))) }
    }
  }
}

private let runStatement = unsafeBitCast(
  { table, statement, done, state in
    owner(table)?.run(statement.pointee, Caller(done: done, state: state)) ?? 0
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
