import EggSQL
import Foundation
import MySQLEngine
import MySQLTestSupport
import Testing

/// Each test has the pool for itself; those that disturb the server have one of their own.
@Suite("Pool, transactions, failures", .serialized) struct PoolTests {
  @Test func `a thousand queries at once share five connections`() async throws {
    try await withDatabase({
      $0.poolWaitTimeout = 60_000
      $0.acquireTimeout = 60_000
    }) { db in
      let tasks = (1...1000).map { number in
        Task { try await db.queryOne("select ? n", [number])?.n.int ?? 0 }
      }
      var sum = 0
      for task in tasks { sum += try await task.value }
      #expect(sum == 500_500)
      #expect(db.stats["allConnections"] == 5)
      #expect(db.stats["connectionQueue"] == 0)
      #expect(db.stats["busyConnections"] == 0)
    }
  }

  @Test func `who waits too long for a connection is told so`() async throws {
    try await withDatabase({
      $0.connectionLimit = 1
      $0.poolWaitTimeout = 50
    }) { db in
      let transaction = try await db.beginTransaction()
      await expectFailure("PoolWaitTimeoutError") { _ = try await db.query("select 1") }
      try await transaction.rollback()
      let one = try await db.queryOne("select 1 a")
      #expect(one?.a.int == 1)
    }
    try await withDatabase({
      $0.connectionLimit = 1
      $0.waitForConnections = false
    }) { db in
      let transaction = try await db.beginTransaction()
      await expectFailure("POOL_CONNLIMIT") { _ = try await db.query("select 1") }
      try await transaction.commit()
    }
  }

  @Test func `the queue has an end, and waiting altogether too`() async throws {
    try await withDatabase({
      $0.connectionLimit = 1
      $0.queueLimit = 1
      $0.poolWaitTimeout = 0
      $0.acquireTimeout = 0
    }) { db in
      let transaction = try await db.beginTransaction()
      async let waiting = failure { try await db.query("select 1") }
      while db.stats["connectionQueue"] != 1 { await Task.yield() }
      await expectFailure("POOL_ENQUEUELIMIT") { _ = try await db.query("select 1") }
      try await transaction.rollback()
      let error = await waiting
      #expect(error == nil)
    }
    try await withDatabase({
      $0.connectionLimit = 1
      $0.poolWaitTimeout = 0
      $0.acquireTimeout = 50
    }) { db in
      let transaction = try await db.beginTransaction()
      await expectFailure("PoolWaitTimeoutError") { _ = try await db.query("select 1") }
      try await transaction.rollback()
    }
  }

  @Test func `a connection that was not used for a while is asked before it is trusted`()
    async throws
  {
    for (pingAfter, asked) in [(1, true), (600_000, false)] {
      try await withDatabase({
        $0.connectionLimit = 1
        $0.pingAfter = pingAfter
      }) { db in
        let sql = "show session status like 'Com_admin_commands'"
        let before = try await db.queryOne(sql)?.Value.string.flatMap { Int($0) } ?? -1
        try await Task.sleep(for: .milliseconds(20))
        let after = try await db.queryOne(sql)?.Value.string.flatMap { Int($0) } ?? -1
        #expect((after > before) == asked, "\(before) \(after)")
      }
    }
  }

  @Test func `connections that nobody uses are closed`() async throws {
    try await withDatabase({ $0.idleTimeout = 50 }) { db in
      let one = try await db.queryOne("select 1 a")
      #expect(one?.a.int == 1)
      for _ in 0..<6000 where db.stats["allConnections"] != 0 {
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(db.stats["allConnections"] == 0)
      let two = try await db.queryOne("select 2 a")
      #expect(two?.a.int == 2)
    }
  }

  @Test func `commit keeps, rollback and a forgotten transaction do not`() async throws {
    try await withDatabase({ $0.connectionLimit = 2 }) { db in
      let t = try await table(db, "id int primary key")
      let kept = try await db.beginTransaction()
      try await kept.insert(t, ["id": 1])
      let none = try await db.count(t)
      #expect(none == 0)
      try await kept.commit()
      #expect(try await db.count(t) == 1)
      await expectFailure("EGG_SQL_TRANSACTION") { _ = try await kept.query("select 1") }
      await expectFailure("EGG_SQL_TRANSACTION") { try await kept.rollback() }
      let dropped = try await db.beginTransaction()
      try await dropped.insert(t, ["id": 2])
      try await dropped.rollback()
      do {
        let forgotten = try await db.beginTransaction()
        try await forgotten.insert(t, ["id": 3])
      }
      // On two connections, so that one of them is the forgotten one's.
      for _ in 1...4 {
        let count = try await db.count(t)
        #expect(count == 1)
      }
      try await db.insert(t, ["id": 3])
    }
  }

  @Test func `a scope commits, rolls back, is joined, and is doomed`() async throws {
    struct Refused: Error {}
    try await withDatabase { db in
      let t = try await table(db, "id int primary key")
      let result = try await db.beginTransactionScope { tran in
        try await tran.insert(t, ["id": 1])
        try await db.beginTransactionScope { inner in
          #expect(inner === tran)
          try await inner.insert(t, ["id": 2])
        }
        return "done"
      }
      #expect(result == "done")
      #expect(try await db.count(t) == 2)
      await #expect(throws: Refused.self) {
        try await db.beginTransactionScope { tran in
          try await tran.insert(t, ["id": 3])
          throw Refused()
        }
      }
      // A nested failure ends the whole transaction, even when the outer scope catches it.
      await expectFailure("EGG_SQL_TRANSACTION") {
        try await db.beginTransactionScope { tran in
          try await tran.insert(t, ["id": 4])
          try? await db.beginTransactionScope { _ in throw Refused() }
          try await tran.insert(t, ["id": 5])
        }
      }
      try await db.beginDoomedTransactionScope { tran in
        try await tran.insert(t, ["id": 6])
        #expect(try await tran.count(t) == 3)
      }
      #expect(try await db.count(t) == 2)
    }
  }

  @Test func `scopes in parallel tasks are apart`() async throws {
    try await withDatabase { db in
      let t = try await table(db, "id int primary key")
      async let first: Void = db.beginTransactionScope { _ = try await $0.insert(t, ["id": 1]) }
      async let second: Void = db.beginTransactionScope {
        _ = try await $0.insert(t, ["id": 2])
        throw CancellationError()
      }
      try await first
      do {
        try await second
        Issue.record("the second scope throws")
      } catch is CancellationError {}
      #expect(try await db.select(t).map(\.id.int) == [1])
    }
  }

  @Test func `a task that is cancelled inside of a scope leaves nothing`() async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      let t = try await table(db, "id int primary key")
      let task = Task {
        try await db.beginTransactionScope { tran in
          _ = try await tran.insert(t, ["id": 1])
          withUnsafeCurrentTask { $0?.cancel() }
          _ = try? await tran.insert(t, ["id": 2])
        }
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      let none = try await db.count(t)
      #expect(none == 0)
    }
  }

  @Test func `a connection that was left inside of a transaction is cleaned`() async throws {
    try await withDatabase({
      $0.connectionLimit = 1
      $0.multipleStatements = true
    }) { db in
      let t = try await table(db, "id int primary key")
      try await db.query("begin; insert into ?? values (1)", [t])
      let none = try await db.count(t)
      #expect(none == 0)
    }
  }

  @Test func `a deadlock and a lock that is not given are errors of one side`() async throws {
    try await withDatabase { db in
      let t = try await table(db, "id int primary key, a int")
      try await db.insert(t, [["id": 1, "a": 0], ["id": 2, "a": 0]])
      let one = try await db.beginTransaction()
      let two = try await db.beginTransaction()
      try await one.update(t, ["id": 1, "a": 1])
      try await two.update(t, ["id": 2, "a": 2])
      async let first = failure { try await one.update(t, ["id": 2, "a": 1]) }
      async let second = failure { try await two.update(t, ["id": 1, "a": 2]) }
      let codes = await [first?.code, second?.code].compactMap { $0 }
      #expect(codes == ["ER_LOCK_DEADLOCK"])
      try await one.rollback()
      try await two.rollback()
      let holder = try await db.beginTransaction()
      try await holder.update(t, ["id": 1, "a": 5])
      let waiter = try await db.beginTransaction()
      try await waiter.query("set innodb_lock_wait_timeout = 0")
      await expectFailure("ER_LOCK_WAIT_TIMEOUT") {
        _ = try await waiter.update(t, ["id": 1, "a": 6])
      }
      try await waiter.rollback()
      try await holder.rollback()
    }
  }

  @Test func `tables are locked by a connection and let go with it`() async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      let t = try await table(db, "id int primary key")
      let transaction = try await db.beginTransaction()
      try await transaction.lockOne(t, .read)
      await expectFailure("ER_TABLE_NOT_LOCKED_FOR_WRITE") {
        _ = try await transaction.insert(t, ["id": 1])
      }
      try await transaction.rollback()
      try await db.insert(t, ["id": 1])
    }
  }

  @Test func `a killed connection fails one query, the next has another`() async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      let server = try MariaDBServer.shared.get()
      let id = try await db.queryOne("select connection_id() id")?.id.int ?? 0
      async let running = failure { try await db.query("select sleep(601)") }
      try await awaitRunning("select sleep(601)")
      try server.sql("kill \(id)")
      let lost = await running
      #expect(lost?.code == "PROTOCOL_CONNECTION_LOST")
      // While it is idle, the pool notices by itself.
      let next = try await db.queryOne("select connection_id() id")?.id.int ?? 0
      try server.sql("kill \(next)")
      let last = try await db.queryOne("select connection_id() id")?.id.int ?? 0
      #expect(Set([id, next, last]).count == 3)
    }
  }

  @Test func `a slow answer ends with the time limit, and its connection too`() async throws {
    try await withDatabase({
      $0.connectionLimit = 1
      $0.queryTimeout = 2000
    }) { db in
      await expectFailure("PROTOCOL_SEQUENCE_TIMEOUT") {
        _ = try await db.query("select sleep(602)")
      }
      #expect(db.stats["allConnections"] == 0)
    }
  }

  @Test func `a cancelled task stops its statement at the server, and keeps the connection`()
    async throws
  {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      let t = try await table(db, "id int primary key")
      let id = try await db.queryOne("select connection_id() id")?.id
      for prepared in [false, true] {
        let transaction = try await db.beginTransaction()
        try await transaction.insert(t, ["id": 1])
        let sql = "select sleep(\(prepared ? 604 : 605)), \"stopped\""
        let running = Task {
          _ = prepared ? try await transaction.execute(sql) : try await transaction.query(sql)
        }
        try await awaitRunning(sql)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        // The transaction is as it was.
        #expect(try await transaction.count(t) == 1)
        try await transaction.rollback()
      }
      #expect(try await db.queryOne("select connection_id() id")?.id == id)
      let late = Task { () -> SQLRow? in
        withUnsafeCurrentTask { $0?.cancel() }
        return try await db.queryOne("select 1 a")
      }
      await #expect(throws: CancellationError.self) { try await late.value }
      #expect(try await db.count(t) == 0)
    }
  }

  @Test func `a cancelled stream stops its statement too`() async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      let sql = "select seq, sleep(if(seq < 3, 0, 606)) s from seq_1_to_10"
      let running = Task {
        let cursor = try await db.cursor(SQLStatement(sql))
        while try await cursor.next() != nil {}
      }
      try await awaitRunning(sql)
      running.cancel()
      await #expect(throws: CancellationError.self) { try await running.value }
      let left = try await db.queryOne(
        "select count(*) n from information_schema.processlist where info like ?", [sql + "%"])
      #expect(left?.n.int == 0)
      // One that is closed while somebody reads.
      let cursor = try await db.cursor(SQLStatement("select seq from seq_1_to_100000"))
      _ = try await cursor.next()
      let reading = Task { try await cursor.next() }
      cursor.close()
      _ = try? await reading.value
      #expect(try await db.queryOne("select 1 a")?.a.int == 1)
    }
  }

  @Test func `a server that stands still, crashes, and comes back`() async throws {
    // Not on the main actor, where the other tests' connections would wait for it.
    let server = try await Task.detached { try MariaDBServer() }.value
    try await withDatabase(server: server) { db in
      let one = try await db.queryOne("select 1 a")
      #expect(one?.a.int == 1)
      async let running = failure { try await db.query("select sleep(603)") }
      try await awaitRunning("select sleep(603)", server: server)
      server.kill()
      let lost = await running
      #expect(lost?.code == "PROTOCOL_CONNECTION_LOST")
      await expectFailure("ECONNREFUSED") { _ = try await db.query("select 1") }
      try await Task.detached { try server.start() }.value
      let two = try await db.queryOne("select 2 a")
      #expect(two?.a.int == 2)
    }
    try await withDatabase({ $0.connectTimeout = 100 }, server: server) { db in
      server.pause()
      await expectFailure("ETIMEDOUT") { _ = try await db.query("select 1") }
      server.resume()
    }
    server.kill()
  }

  @Test func `who may not come in is told why, without the password`() async throws {
    try await withDatabase({ $0.password = "wrong-secret" }) { db in
      let error = await failure { _ = try await db.query("select 1") }
      #expect(error?.code == "ER_ACCESS_DENIED_ERROR")
      #expect("\(error as Any)".contains("wrong-secret") == false)
    }
    try await withDatabase({ $0.database = "nowhere" }) { db in
      await expectFailure("ER_BAD_DB_ERROR") { _ = try await db.query("select 1") }
    }
    try await withDatabase({ $0.port = 1 }) { db in
      await expectFailure("ECONNREFUSED") { _ = try await db.query("select 1") }
    }
  }

  @Test func `a refusal that comes late has its code`() async throws {
    let full = try FullListener()
    try await withDatabase({
      $0.port = full.port
      $0.connectTimeout = 600_000
    }) { db in
      async let refused = failure { _ = try await db.query("select 1") }
      // The system asks again after a second, and there is nobody any more.
      while db.stats["acquiringConnections"] != 1 { await Task.yield() }
      full.close()
      let error = await refused
      #expect(error?.code == "ECONNREFUSED", "\(error as Any)")
      #expect(error?.message == "connect to 127.0.0.1:\(full.port): Connection refused")
    }
  }

  @Test func `a large result is read in batches`() async throws {
    try await withDatabase { db in
      let sql = "select seq, repeat('x', 10000) x from seq_1_to_10000"
      let cursor = try await db.cursor(SQLStatement(sql))
      var rows = 0
      var bytes = 0
      while let batch = try await cursor.next() {
        rows += batch.rowCount
        bytes += SQLResult(batch).reduce(0) { $0 + ($1.x.string?.utf8.count ?? 0) }
      }
      #expect(rows == 10_000)
      #expect(bytes == 100_000_000)
      // One that is given up does not hold its connection.
      let other = try await db.cursor(SQLStatement(sql))
      _ = try await other.next()
      other.close()
      #expect(try await other.next() == nil)
      let one = try await db.queryOne("select 1 a")
      #expect(one?.a.int == 1)
      await expectFailure("EGG_SQL_STATEMENT") {
        _ = try await db.cursor(SQLStatement("set @a = 1"))
      }
    }
  }

  @Test func `an ended pool refuses`() async throws {
    try await withDatabase { db in
      try await db.query("select 1")
      await db.end()
      await expectFailure("POOL_CLOSED") { _ = try await db.query("select 1") }
    }
  }
}

@Suite("No value changes a statement") struct EscapingOnServerTests {
  /// Bytes that mean something to some parser, and some that do not.
  fileprivate func texts(_ random: inout SplitMix) -> [String] {
    let alphabet: [String] = [
      "'", "\"", "\\", "\0", "\n", "\r", "\u{1A}", "`", ";", "--", "/*", "*/", "#", "?", "??", ":a",
      "é", "縗", "¿", "\u{5C0}", "a", " ", "%", "_", "\u{FFFD}", "表", "\u{1F600}",
    ]
    return (0..<40).map { _ in
      (0..<Int.random(in: 0...12, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      }.joined()
    }
  }

  @Test(arguments: [
    "set sql_mode = ''", "set sql_mode = 'NO_BACKSLASH_ESCAPES'", "set sql_mode = 'ANSI_QUOTES'",
    "set names gbk", "set names sjis", "set names big5",
    "set names gbk, sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "set names sjis, sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'",
    "set names big5, sql_mode = 'ANSI_QUOTES'", "set names cp932", "set names gb2312",
    "set names latin1",
  ])
  func `text comes back as it went, whatever the session is`(setting: String) async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      var random = SplitMix(state: 7)
      let t = try await table(db, "id int primary key, a text character set utf8mb4, b blob")
      // Apart, because a character set changes how the rest is read.
      for part in setting.components(separatedBy: ", sql_mode") {
        try await db.query(part.hasPrefix("set") ? part : "set sql_mode" + part)
      }
      for (id, text) in texts(&random).enumerated() {
        let bytes = Array(text.utf8)
        try await db.insert(t, ["id": id, "a": text, "b": bytes])
        // As bytes, because the session's character set may have no such characters.
        let row = try await db.queryOne(
          "select cast(a as binary) a, b, ? c from ?? where id = ?", [1, t, id])
        #expect(row?.b == .bytes(bytes))
        #expect(row?.a == .bytes(bytes))
        #expect(row?.c == 1)
        let named = try await db.queryOne(
          "select count(*) n from `\(t)` where id = :id and cast(a as binary) = cast(:a as binary)",
          ["id": id, "a": text])
        #expect(named?.n == 1)
      }
      #expect(try await db.count(t) == 40)
    }
  }

  /// Any bytes: halves of characters before a quote are what escaping fails on.
  @Test(arguments: ["utf8mb4", "gbk", "sjis", "big5", "cp932", "latin1"], [false, true])
  func `any bytes stay one value`(characters: String, withoutBackslashes: Bool) async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      var random = SplitMix(state: 11)
      try await db.query("set names \(characters)")
      if withoutBackslashes { try await db.query("set sql_mode = 'NO_BACKSLASH_ESCAPES'") }
      // What begins a character of two bytes somewhere, and what ends texts.
      let favourites: [UInt8] = [0x27, 0x5C, 0x22, 0x60, 0xBF, 0x81, 0xE0, 0x95, 0xA1, 0x00, 0x1A]
      for _ in 0..<100 {
        let bytes = (0..<Int.random(in: 0...16, using: &random)).map { _ in
          Bool.random(using: &random)
            ? favourites.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let row = try await db.queryOne(
          "select ? b, cast(? as binary) t, ? q, 7 last", [bytes, text, "'"])
        #expect(row?.b == .bytes(bytes))
        #expect(row?.t == .bytes(Array(text.utf8)))
        #expect(row?.last == 7 && row?.columns.count == 4)
        let prepared = try await db.execute("select ? b, 7 last", bytes).first
        #expect(prepared?.b.data == bytes && prepared?.last == 7)
        // A name is a name whatever is in it, as long as the server knows its characters.
        let name = text.unicodeScalars.filter { $0.value > 0 && $0.value < 0x80 }.map(String.init)
          .joined().filter { $0 != "." }
        // The server drops what is not visible at its ends.
        let isVisible = { (scalar: Unicode.Scalar?) in (0x21...0x7E).contains(scalar?.value ?? 0) }
        guard characters == "utf8mb4", isVisible(name.unicodeScalars.first),
          isVisible(name.unicodeScalars.last)
        else { continue }
        let named = try await db.queryOne("select 5 ??, 7 last", [name])
        #expect(named?.columns == [name, "last"])
      }
    }
  }

  @Test func `quotes that end elsewhere without backslashes are refused`() async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      try await db.query("set sql_mode = 'NO_BACKSLASH_ESCAPES'")
      await expectFailure("EGG_SQL_STATEMENT") {
        _ = try await db.query(#"select 'it\'s', ?"#, [" or 1=1 -- "])
      }
    }
  }
}

/// Numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
