import Egg
import EggSQLite

struct Post: Codable {
  var id: Int
  var title: String
  var hits: Int
  var made: Int?
}

final class PostController: Controller {
  func posts() async throws {
    let result = try await app.sqlite.insert(
      "posts", ["title": "Hello World", "made": app.sqlite.literals.now])
    try await app.sqlite.query(
      "update posts set hits = (hits + ?) where id = ?", [1, result.insertId])
    ctx.body = try await app.sqlite.select("posts", where: ["id": result.insertId], as: Post.self)
  }

  func other() async throws {
    func file(_ id: String) async throws -> String {
      try await app.sqlite.get(id)?.queryOne("select file from pragma_database_list")?.file.string
        ?? "none"
    }
    ctx.body =
      ["db1": try await file("db1"), "db2": try await file("db2"), "db3": try await file("db3")]
      as Value
  }

  func instance() async throws {
    let client = try await app.sqlite.createInstance(["database": ":memory:"])
    ctx.body = try await client.queryOne("select 'memory' d")?.d.string ?? ""
    try await client.end()
  }

  /// Fails inside of a nested scope, and tries to go on.
  func nested() async throws {
    do {
      try await app.sqlite.beginTransactionScope(ctx) { tran in
        try await tran.insert("posts", ["title": "outer"])
        try? await self.app.sqlite.beginTransactionScope(self.ctx) { inner in
          try await inner.insert("posts", ["title": "inner"])
          throw EggError("no")
        }
        try await tran.insert("posts", ["title": "late"])
      }
    } catch let error as SQLError {
      ctx.body = error.message
    }
  }

  /// The client goes away while this runs; without an end of its own it would run for hours.
  func aborted() async throws {
    try await app.sqlite.beginTransactionScope(ctx) { tran in
      try await tran.insert("posts", ["title": "aborted"])
      try await tran.query(
        "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c")
    }
  }

  func count() async throws {
    ctx.body =
      [
        "posts": try await app.sqlite.count("posts", ["title": ctx.query["title"] ?? ""]),
        "stats": app.sqlite.stats,
      ] as Value
  }

  func stream() async throws {
    var sum = 0
    let numbers =
      "with recursive c(x) as (select 1 union all select x + 1 from c where x < :n) select x from c"
    for try await row in app.sqlite.stream(numbers, ["n": 5000]) { sum += row.x.int ?? 0 }
    ctx.body = "\(sum)"
  }

  func duplicate() async throws {
    do {
      try await app.sqlite.insert("posts", [["id": 7, "title": "a"], ["id": 7, "title": "b"]])
    } catch let error as SQLError {
      ctx.body = "\(error.code) \(error.errno) \(error.sql)"
    }
  }

  /// As units in other languages call it.
  func byName() async throws {
    let sqlite = app.extension("sqlite").foreign
    _ = try await sqlite?.invoke("insert", ["posts", ["title": "by name"] as Value])
    ctx.body = try await sqlite?.invoke(
      "select",
      ["posts", ["where": ["title": "by name"] as Value, "columns": ["title", "hits"]] as Value])
  }
}
