import EggSQL
import Foundation
import MySQLEngine
import MySQLTestSupport
import Testing

/// A database of the shared server, with changes to its options.
func withDatabase<R>(
  _ change: (inout MySQLOptions) -> Void = { _ in }, server: MariaDBServer? = nil,
  _ body: (MySQLDatabase) async throws -> R
) async throws -> R {
  let server = try server ?? MariaDBServer.shared.get()
  var options = MySQLOptions()
  options.port = server.port
  options.user = "egg"
  options.password = "secret"
  options.database = "test"
  // The machine that runs the tests may be busy, and other tests hold the main actor.
  options.connectTimeout = 600_000
  options.poolWaitTimeout = 600_000
  options.acquireTimeout = 0
  options.timeZone = .offset(0)
  change(&options)
  let database = MySQLDatabase(options, DispatchLoop())
  do {
    let result = try await body(database)
    await database.end()
    return result
  } catch {
    await database.end()
    throw error
  }
}

/// A table of its own for a test.
func table(_ database: MySQLDatabase, _ columns: String) async throws -> String {
  let name = "t\(UUID().uuidString.prefix(8))"
  try await database.query("create table `\(name)` (\(columns))")
  return name
}

/// Waits until the server runs a statement that begins with `text`.
func awaitRunning(_ text: String, server: MariaDBServer? = nil) async throws {
  try await withDatabase(server: server) { db in
    let sql = "select 1 a from information_schema.processlist where info like ?"
    for _ in 0..<12_000 {
      if try await db.queryOne(sql, [text + "%"]) != nil { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("the server does not run \(text)")
  }
}

func failure(_ body: () async throws -> Void) async -> SQLError? {
  do { try await body() } catch { return error as? SQLError }
  return nil
}

func expectFailure(
  _ code: String, _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async {
  let error = await failure(body)
  #expect(error?.code == code, "\(error as Any)", sourceLocation: sourceLocation)
}

@Suite("Statements on a server") struct QueryTests {
  @Test func `the examples of the guide`() async throws {
    try await withDatabase { db in
      let posts = try await table(
        db, "id int primary key auto_increment, title varchar(99), hits int default 0")
      let result = try await db.insert(posts, ["title": "Hello World"])
      #expect(result.affectedRows == 1)
      #expect(result.insertId == 1)
      #expect(result.hasRows == false)
      let post = try await db.get(posts, ["id": 1])
      #expect(post?.title.string == "Hello World")
      let updated = try await db.query(
        "update ?? set hits = (hits + ?) where id = ?", [posts, 5, 1])
      #expect(updated.affectedRows == 1)
      #expect(updated.changedRows == 1)
      #expect(updated.message == "Rows matched: 1  Changed: 1  Warnings: 0")
      #expect(try await db.get(posts, ["id": 99]) == nil)
      #expect(try await db.count(posts, ["hits": 5]) == 1)
      // Matched, not changed: found rows are what counts.
      let same = try await db.update(posts, ["id": 1, "hits": 5])
      #expect(same.affectedRows == 1)
      #expect(same.changedRows == 0)
    }
  }

  @Test func `many rows in, some rows out`() async throws {
    struct Row: Decodable, Equatable { var id: Int, a: String? }
    try await withDatabase { db in
      let t = try await table(db, "id int primary key auto_increment, a varchar(9)")
      let result = try await db.insert(t, [["a": "x"], ["a": nil], ["b": 1], ["a": "y"]])
      #expect(result.affectedRows == 4)
      #expect(result.insertId == 1)
      #expect(
        try await db.select(t, where: ["a": ["x", "y"]], orders: [["id", "desc"]], as: Row.self)
          == [Row(id: 4, a: "y"), Row(id: 1, a: "x")])
      #expect(try await db.select(t, where: ["a": nil]).map(\.id.int) == [2, 3])
      #expect(try await db.select(t, columns: ["id"], limit: 2, offset: 1).map(\.id.int) == [2, 3])
      try await db.updateRows(t, [["id": 1, "a": "p"], ["id": 4, "a": "q"]] as [SQLFields])
      #expect(try await db.select(t, where: ["id": [1, 4]]).map(\.a.string) == ["p", "q"])
      try await db.delete(t, ["id": [1, 2]])
      #expect(try await db.count(t) == 2)
      let refused = await failure { try await db.delete(t) }
      #expect(refused?.code == "EGG_SQL_WHERE")
      try await db.delete(t, all: true)
      #expect(try await db.count(t) == 0)
    }
  }

  @Test func `an error says what and where, and the connection stays`() async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      let t = try await table(db, "id int primary key")
      try await db.insert(t, ["id": 1])
      let duplicate = await failure { try await db.insert(t, ["id": 1]) }
      #expect(duplicate?.code == "ER_DUP_ENTRY")
      #expect(duplicate?.errno == 1062)
      #expect(duplicate?.sqlState == "23000")
      #expect(duplicate?.sql == "INSERT INTO `\(t)`(`id`) VALUES(1)")
      await expectFailure("ER_PARSE_ERROR") { _ = try await db.select(t, where: ["id": [Int]()]) }
      await expectFailure("ER_NO_SUCH_TABLE") { _ = try await db.query("select * from nothing") }
      let long = String(repeating: "x", count: 5000)
      let cut = await failure { try await db.query("selec ?", [long]) }
      #expect((cut?.sql.count ?? 9999) < 600)
      #expect(try await db.count(t) == 1)
      #expect(db.stats["allConnections"] == 1)
    }
  }

  @Test func `every type arrives without loss`() async throws {
    try await withDatabase { db in
      let t = try await table(
        db,
        """
        i bigint, u bigint unsigned, d decimal(65,30), f float, g double, b bit(10), bl blob,
        tx text, dt datetime(3), da date, ti time, js json, bo tinyint(1), vb varbinary(9), y year,
        e enum('a','b'), z datetime
        """)
      try await db.query("set sql_mode = ''")
      let text = "é\u{1F600}\0'\\\u{FEFF}"
      try await db.insert(
        t,
        [
          "i": Int64.min, "u": UInt64.max,
          "d": "12345678901234567890.123456789012345678901234567890",
          "f": 1.1, "g": 0.1, "b": SQLLiteral("b'1000000001'"), "bl": [0, 255, 39] as [UInt8],
          "tx": text, "dt": SQLValue.moment(1_777_630_830_123), "da": "2026-05-01",
          "ti": "-838:59:59", "js": #"{"a": [1, 2]}"#, "bo": true, "vb": [1, 2] as [UInt8],
          "y": 2026,
          "e": "b",
        ])
      try await db.query("set statement sql_mode='' for update ?? set z = '0000-00-00'", [t])
      for row in [
        try await db.get(t, [:]), try await db.execute("select * from `\(t)`").first,
      ] {
        let row = try #require(row)
        #expect(row.i == .integer(.min))
        #expect(row.u == .unsigned(.max))
        #expect(row.d == "12345678901234567890.123456789012345678901234567890")
        #expect(row.f == 1.1)
        #expect(row.g == 0.1)
        #expect(row.b == .bytes([2, 1]))
        #expect(row.bl == .bytes([0, 255, 39]))
        #expect(row.tx == .text(text))
        #expect(row.dt == .moment(1_777_630_830_123))
        #expect(row.da == .moment(1_777_593_600_000))
        #expect(row.ti == "-838:59:59")
        #expect(row.js == #"{"a": [1, 2]}"#)
        #expect(row.bo == 1)
        #expect(row.vb == .bytes([1, 2]))
        #expect(row.y == 2026)
        #expect(row.e == "b")
        #expect(row.z == "0000-00-00 00:00:00")
      }
    }
  }

  @Test func `dates and large numbers as text when that is wanted`() async throws {
    try await withDatabase({
      $0.dateStrings = true
      $0.supportBigNumbers = true
    }) { db in
      let sql = "select cast('2026-05-01' as date) d, 9007199254740993 b, 5 s"
      for row in [try await db.queryOne(sql), try await db.execute(sql).first] {
        #expect(row?.d == "2026-05-01")
        #expect(row?.b == "9007199254740993")
        #expect(row?.s == 5)
      }
    }
    try await withDatabase({ $0.timeZone = .offset(8 * 3600) }) { db in
      let row = try await db.queryOne("select cast('2026-05-01 08:00:00' as datetime) d")
      #expect(row?.d == .moment(1_777_593_600_000))
    }
  }

  @Test func `prepared statements take values of every kind`() async throws {
    try await withDatabase({ $0.statementCache = 2 }) { db in
      let row = try await db.execute(
        "select ? n, ? i, ? u, ? d, ? t, ? b, ? e", nil, Int64.min, UInt64.max, 0.1, "é'\0",
        [0, 255] as [UInt8], ""
      ).first
      #expect(row?.n == .null)
      #expect(row?.i == .integer(.min))
      #expect(row?.u == .unsigned(.max))
      #expect(row?.d == 0.1)
      #expect(row?.t == "é'\0")
      #expect(row?.b.data == [0, 255])
      #expect(row?.e == "")
      // More than the cache holds, and one again.
      for number in [1, 2, 3, 1, 1] {
        #expect(try await db.execute("select \(number) + ? s", 1).first?.s.int == number + 1)
      }
      await expectFailure("EGG_SQL_STATEMENT") { _ = try await db.execute("select ?") }
      await expectFailure("ER_PARSE_ERROR") { _ = try await db.execute("selec") }
      let long = String(repeating: "é", count: 1 << 20)
      #expect(try await db.execute("select ? t", long).first?.t.string == long)
    }
  }

  @Test func `a prepared statement follows its table`() async throws {
    try await withDatabase({ $0.connectionLimit = 1 }) { db in
      let t = try await table(db, "a int, b varchar(9)")
      try await db.insert(t, ["a": 1, "b": "x"])
      let sql = "select * from `\(t)`"
      #expect(try await db.execute(sql).first?.fields == ["a": 1, "b": "x"])
      try await db.query("alter table ?? modify a varchar(20), change b c varchar(9)", [t])
      #expect(try await db.execute(sql).first?.fields == ["a": "1", "c": "x"])
      // With more columns the library cannot go on: one statement fails, with its connection.
      try await db.query("alter table ?? add d int default 2", [t])
      await expectFailure("CR_2057") { _ = try await db.execute(sql) }
      #expect(try await db.execute(sql).first?.fields == ["a": "1", "c": "x", "d": 2])
    }
  }

  @Test func `several statements only when that is allowed`() async throws {
    try await withDatabase { db in
      await expectFailure("ER_PARSE_ERROR") { _ = try await db.query("select 1; select 2") }
    }
    try await withDatabase({ $0.multipleStatements = true }) { db in
      let result = try await db.query("select 1 a; set @x = 1; select 2 b")
      #expect(result.first?.a.int == 1)
      #expect(result.following.count == 2)
      #expect(result.following[1].first?.b.int == 2)
      await expectFailure("ER_PARSE_ERROR") { _ = try await db.query("select 1; selec") }
      #expect(try await db.queryOne("select 3 c")?.c.int == 3)
    }
  }

  @Test func `hooks see statements and may replace them`() async throws {
    try await withDatabase { db in
      var seen: [String] = []
      db.beforeQuery { $0 == "select 1 a" ? "select 2 a" : nil }
      db.afterQuery { seen.append($0.sql) }
      let row = try await db.queryOne("select 1 a")
      #expect(row?.a.int == 2)
      #expect(seen == ["select 2 a"])
    }
  }

  @Test func `text is utf8mb4 everywhere`() async throws {
    let text = "é表縗🥚𝄞"
    for collation in ["", "utf8mb4_unicode_ci"] {
      try await withDatabase({ $0.collation = collation }) { db in
        let session = try await db.queryOne(
          """
          select @@character_set_client a, @@character_set_connection b, @@character_set_results c,
            @@collation_connection d
          """)
        #expect([session?.a, session?.b, session?.c] == ["utf8mb4", "utf8mb4", "utf8mb4"])
        if !collation.isEmpty { #expect(session?.d.string == collation) }
        let t = try await table(db, "`größe表` varchar(20) character set utf8mb4")
        try await db.insert(t, ["größe表": text])
        #expect(try await db.get(t, ["größe表": text])?["größe表"] == .text(text))
        let named = try await db.queryOne("select hex(:text) h", ["text": text])
        #expect(named?.h.string == text.utf8.map { String(format: "%02X", $0) }.joined())
        let prepared = try await db.execute("select ? t, '\(text)' u", text).first
        #expect(prepared?.t == .text(text) && prepared?.u == .text(text))
        let error = await failure { try await db.query("select * from `\(text)`") }
        #expect(error?.sql.contains(text) == true)
      }
    }
  }

  @Test func `a Unix socket, and columns with one name`() async throws {
    let socket = try MariaDBServer.shared.get().socket
    try await withDatabase({ $0.socketPath = socket }) { db in
      let row = try #require(try await db.queryOne("select 1 a, 2 a"))
      #expect(row.a.int == 2)
      #expect(row[0].int == 1)
    }
  }
}
