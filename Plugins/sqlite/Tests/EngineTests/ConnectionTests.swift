import EggSQL
import Foundation
import SQLiteEngine
import Testing

@Suite("Connections to SQLite") struct ConnectionTests {
  let file = DatabaseFile()

  private func table(_ change: (inout SQLiteOptions) -> Void = { _ in }) async throws
    -> SQLiteDatabase
  {
    let database = file.open(change)
    try await database.query("create table t (x int unique)")
    return database
  }

  @Test func `the file and its folder are made, with a log that readers pass by`() async throws {
    let database = try await table()
    #expect(try await database.query("pragma journal_mode")[0][0].string == "wal")
    #expect(FileManager.default.fileExists(atPath: file.path))
  }

  @Test func `readers go on while a transaction writes, and do not see it`() async throws {
    let database = try await table()
    let transaction = try await database.beginTransaction()
    try await transaction.insert("t", ["x": 1])
    #expect(try await database.count("t") == 0)
    #expect(try await transaction.count("t") == 1)
    try await transaction.commit()
    #expect(try await database.count("t") == 1)
  }

  @Test func `a statement that begins like a question may still write`() async throws {
    let database = try await table()
    try await database.query("with n(x) as (values (1), (2)) insert into t select x from n")
    #expect(try await database.count("t") == 2)
  }

  @Test func `a database in memory is one for everybody`() async throws {
    var options = SQLiteOptions()
    options.path = ":memory:"
    let database = SQLiteDatabase(options, DispatchLoop())
    try await database.query("create table t (x int)")
    try await database.insert("t", ["x": 1])
    #expect(try await database.count("t") == 1)
  }

  @Test func `scopes commit, roll back, and join`() async throws {
    let database = try await table()
    try await database.beginTransactionScope { tran in
      try await tran.insert("t", ["x": 1])
      try await database.beginTransactionScope { inner in
        #expect(inner === tran)
        try await inner.insert("t", ["x": 2])
      }
    }
    #expect(try await database.count("t") == 2)
    let error = await failure {
      try await database.beginTransactionScope { tran in
        try await tran.insert("t", ["x": 3])
        try await tran.insert("t", ["x": 1])
      }
    }
    #expect(error?.isDuplicate == true)
    try await database.beginDoomedTransactionScope { try await $0.insert("t", ["x": 4]) }
    #expect(try await database.count("t") == 2)
  }

  @Test func `a transaction that was ended or forgotten leaves nothing behind`() async throws {
    let database = try await table()
    let ended = try await database.beginTransaction()
    try await ended.insert("t", ["x": 1])
    try await ended.rollback()
    #expect(await failure { try await ended.insert("t", ["x": 2]) }?.code == "EGG_SQL_TRANSACTION")
    do {
      let forgotten = try await database.beginTransaction()
      try await forgotten.insert("t", ["x": 3])
    }
    try await database.query("begin")
    try await database.insert("t", ["x": 4])
    #expect(try await database.select("t").map(\.x.int) == [4])
    #expect(await failure { try await database.beginTransaction().lockOne("t", .read) } != nil)
  }

  @Test func `a thousand statements at once on five connections`() async throws {
    let database = try await table()
    let tasks = (0..<1000).map { number in
      Task {
        if number.isMultiple(of: 10) { try await database.insert("t", ["x": number]) }
        return try await database.queryOne("select ? v", [number])?.v.int
      }
    }
    for (number, task) in tasks.enumerated() { #expect(try await task.value == number) }
    #expect(try await database.count("t") == 100)
    #expect(database.stats["allConnections"]?.int ?? 9 <= 5)
  }

  @Test func `one that takes too long is interrupted`() async throws {
    let database = file.open { $0.queryTimeout = 50 }
    let error = await failure { try await database.query(endless) }
    #expect(error?.code == "SQLITE_INTERRUPT")
    #expect(error?.message == "the statement took longer than 50ms (queryTimeout)")
    #expect(try await database.query("select 1 a")[0].a.int == 1)
  }

  @Test func `one that nobody waits for any more is interrupted`() async throws {
    let database = try await table()
    let task = Task { try await database.query(endless) }
    let scope = Task {
      try await database.beginTransactionScope { tran in
        try await tran.insert("t", ["x": 1])
        try await tran.query(endless)
      }
    }
    try await Task.sleep(for: .milliseconds(50))
    task.cancel()
    scope.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    await #expect(throws: (any Error).self) { try await scope.value }
    #expect(try await database.count("t") == 0)
    try await database.insert("t", ["x": 1])
  }

  @Test func `a write that is interrupted takes its transaction with it`() async throws {
    let database = try await table { $0.queryTimeout = 50 }
    let transaction = try await database.beginTransaction()
    try await transaction.insert("t", ["x": -1])
    let endlessInsert = endless.replacing("select count(*)", with: "insert into t select x")
    let error = await failure { try await transaction.query(endlessInsert) }
    #expect(error?.code == "SQLITE_INTERRUPT")
    // Not outside of it, where it would stay.
    #expect(
      await failure { try await transaction.insert("t", ["x": -2]) }?.code == "EGG_SQL_TRANSACTION")
    try await transaction.rollback()
    #expect(try await database.count("t") == 0)
  }

  @Test func `the lock of another process is waited for, and not for ever`() async throws {
    let database = try await table { $0.busyTimeout = 100 }
    let other = file.open()
    let transaction = try await other.beginTransaction()
    let error = await failure { try await database.insert("t", ["x": 1]) }
    #expect(error?.code == "SQLITE_BUSY" && error?.errno == 5)
    let patient = file.open()
    let task = Task { try await patient.insert("t", ["x": 2]) }
    try await Task.sleep(for: .milliseconds(30))
    try await transaction.commit()
    #expect(try await task.value.affectedRows == 1)
  }

  @Test func `the queue for the connection that writes has an end`() async throws {
    let database = try await table {
      $0.poolWaitTimeout = 600_000
      $0.queueLimit = 1
    }
    let transaction = try await database.beginTransaction()
    let waiting = Task { await failure { try await database.insert("t", ["x": 1]) } }
    while database.stats["connectionQueue"] != 1 { await Task.yield() }
    #expect(await failure { try await database.insert("t", ["x": 2]) }?.code == "POOL_ENQUEUELIMIT")
    try await transaction.commit()
    #expect(await waiting.value == nil)
  }

  @Test func `waiting for the connection that writes has a limit`() async throws {
    let database = try await table { $0.poolWaitTimeout = 50 }
    let transaction = try await database.beginTransaction()
    #expect(
      await failure { try await database.insert("t", ["x": 1]) }?.code == "PoolWaitTimeoutError")
    try await transaction.commit()
  }

  @Test func `what is no database is refused`() async throws {
    try FileManager.default.createDirectory(at: file.folder, withIntermediateDirectories: true)
    let path = file.folder.appendingPathComponent("text").path
    try String(repeating: "no database ", count: 100).write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(
      await failure { try await file.open { $0.path = path }.query("select 1 from t") }?.code
        == "SQLITE_NOTADB")
    #expect(
      await failure { try await file.open { $0.path = "/proc/none/x" }.query("select 1") }?.code
        == "SQLITE_CANTOPEN")
  }

  @Test func `after the end nothing is accepted, and a cursor that is left ends`() async throws {
    let database = try await table()
    do {
      let cursor = try await database.cursor(SQLStatement(numbers(5000)))
      _ = try await cursor.next()
    }
    await database.end()
    #expect(await failure { try await database.query("select 1") }?.code == "POOL_CLOSED")
  }
}
