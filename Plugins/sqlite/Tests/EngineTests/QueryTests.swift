import EggSQL
import Foundation
import SQLiteEngine
import Testing

@Suite("Statements on SQLite") struct QueryTests {
  let file = DatabaseFile()

  private func table() async throws -> SQLiteDatabase {
    let database = file.open()
    try await database.query(
      """
      create table posts (id integer primary key, title text not null unique, hits int default 0,
        made datetime, data blob)
      """)
    return database
  }

  @Test func `rows go in and come out in every way that Egg has`() async throws {
    let database = try await table()
    let first = try await database.insert("posts", ["title": "Hello World", "hits": 3])
    #expect(first.affectedRows == 1 && first.insertId == 1)
    let more = try await database.insert("posts", [["title": "b"], ["title": "c"]])
    #expect(more.affectedRows == 2)
    #expect(try await database.get("posts", ["id": 1])?.title.string == "Hello World")
    #expect(try await database.get("posts", ["id": 9]) == nil)
    #expect(
      try await database.select(
        "posts", where: ["title": ["b", "c"]], columns: ["id"], orders: [["id", "desc"]], limit: 1,
        offset: 1
      ).map(\.id.int) == [2])
    #expect(try await database.update("posts", ["id": 2, "title": "B"]).affectedRows == 1)
    #expect(
      try await database.updateRows("posts", [["id": 2, "hits": 5], ["id": 3, "hits": 6]])
        .affectedRows == 2)
    #expect(try await database.count("posts", ["hits": 6]) == 1)
    #expect(try await database.delete("posts", ["id": 3]).affectedRows == 1)
    #expect(await failure { try await database.delete("posts") }?.code == "EGG_SQL_WHERE")
  }

  @Test func `placeholders take values, names and whole rows`() async throws {
    let database = try await table()
    try await database.query(
      "insert into posts (title, hits) values (?)", [["a?b:c", 2] as SQLValue])
    #expect(
      try await database.queryOne("select hits from ?? where title = ?", ["posts", "a?b:c"])?.hits
        .int
        == 2)
    #expect(
      try await database.queryOne("select title t from posts where hits = :h", ["h": 2])?.t.string
        == "a?b:c")
    #expect(
      await failure { try await database.query("select ?, ?", [1]) }?.code == "EGG_SQL_STATEMENT")
    #expect(await failure { try await database.execute("select ?") }?.code == "EGG_SQL_STATEMENT")
  }

  @Test func `values keep their kind and every bit`() async throws {
    let database = file.open { $0.timeZone = .offset(0) }
    let row = try await database.execute(
      "select ? a, ? b, ? c, ? d, ? e, ? f, ? g", Int64.max, 0.1, "it's \0 \u{1F95A}",
      [0, 255, 39] as [UInt8], nil, true, "")[0]
    #expect(
      row.values == [
        .integer(.max), .number(0.1), .text("it's \0 \u{1F95A}"), .bytes([0, 255, 39]), .null,
        .integer(1), .text(""),
      ])
    // 2026-05-01T10:20:30.123Z
    try await database.query("create table t (at datetime, plain text)")
    try await database.insert(
      "t", ["at": SQLValue.moment(1_777_630_830_123), "plain": "2026-05-01 10:20:30"])
    let times = try await database.queryOne(
      "select at, plain, typeof(at) kind, at || '' raw from t")
    #expect(times?.at == .moment(1_777_630_830_123))
    #expect(times?.plain.string == "2026-05-01 10:20:30")
    #expect(times?.raw.string == "2026-05-01 10:20:30.123")
    #expect(await failure { try await database.execute("select ?", UInt64.max) } != nil)
    #expect(await failure { try await database.execute("select ?", Double.nan) } != nil)
  }

  @Test func `literals now is the local time`() async throws {
    let database = try await table()
    try await database.insert("posts", ["title": "x", "made": database.literals.now])
    let made = try #require(try await database.get("posts", ["title": "x"])?.made.time)
    #expect(abs(Double(made) / 1000 - Date().timeIntervalSince1970) < 60)
  }

  @Test func `errors carry code, number and the statement, cut`() async throws {
    let database = try await table()
    try await database.insert("posts", ["title": "x"])
    let duplicate = await failure { try await database.insert("posts", ["title": "x"]) }
    #expect(duplicate?.code == "SQLITE_CONSTRAINT_UNIQUE" && duplicate?.errno == 2067)
    #expect(duplicate?.message == "UNIQUE constraint failed: posts.title")
    #expect(duplicate?.isDuplicate == true)
    let syntax = await failure {
      try await database.query("selekt 1" + String(repeating: " ", count: 600))
    }
    #expect(syntax?.code == "SQLITE_ERROR" && syntax?.message == #"near "selekt": syntax error"#)
    #expect(syntax?.sql.hasSuffix("(608 bytes)") == true)
  }

  @Test func `foreign keys are on`() async throws {
    let database = try await table()
    try await database.query("create table notes (post int references posts(id))")
    let error = await failure { try await database.insert("notes", ["post": 7]) }
    #expect(error?.code == "SQLITE_CONSTRAINT_FOREIGNKEY" && error?.isDuplicate == false)
  }

  @Test func `several statements need leave`() async throws {
    let database = file.open()
    let both = "create table a (x int); insert into a values (1); -- the end"
    #expect(await failure { try await database.query(both) }?.code == "EGG_SQL_STATEMENT")
    #expect(await failure { try await database.query("  -- nothing") }?.code == "EGG_SQL_STATEMENT")
    let open = file.open { $0.multipleStatements = true }
    let result = try await open.query(both)
    #expect(result.following.count == 1 && result.following[0].affectedRows == 1)
    #expect(
      try await open.query("insert into a values (?); select ? v", [2, 3]).following[0][0].v.int
        == 3)
  }

  @Test func `more values than the library has parameters for`() async throws {
    let database = file.open()
    try await database.query("create table n (x int)")
    let rows = (0..<40_000).map { ["x": $0] as SQLFields }
    #expect(try await database.insert("n", rows).affectedRows == 40_000)
    #expect(try await database.queryOne("select sum(x) s from n")?.s.int == 799_980_000)
  }

  @Test func `a result beyond the limits is refused, a cursor reads it`() async throws {
    let database = file.open {
      $0.maxRows = 1000
      $0.maxBytes = 100_000
    }
    #expect(try await database.query(numbers(1000)).count == 1000)
    #expect(await failure { try await database.query(numbers(1001)) }?.code == "EGG_SQL_LIMIT")
    let wide = "select zeroblob(100001) b"
    #expect(await failure { try await database.query(wide) }?.code == "EGG_SQL_LIMIT")
    let cursor = try await database.cursor(SQLStatement(numbers(5000)))
    var sum = 0
    while let rows = try await cursor.next() {
      #expect(rows.rowCount <= 256)
      for row in 0..<rows.rowCount { sum += rows.cell(row, 0).int ?? 0 }
    }
    #expect(sum == 12_502_500)
    #expect(database.stats["busyConnections"] == 0)
  }

  @Test func `a cached statement follows its table`() async throws {
    let database = try await table()
    try await database.insert("posts", ["title": "x"])
    #expect(try await database.query("select * from posts").columns.count == 5)
    try await database.query("alter table posts add column more text default 'm'")
    #expect(try await database.query("select * from posts")[0].more.string == "m")
  }

  @Test func `hooks see every statement and may change it`() async throws {
    let database = file.open()
    var seen: [String] = []
    database.beforeQuery { $0.replacing("1", with: "2") }
    database.afterQuery { seen.append($0.sql) }
    #expect(try await database.query("select ? a", [1])[0].a.int == 2)
    #expect(seen == ["select 2 a"])
  }
}
