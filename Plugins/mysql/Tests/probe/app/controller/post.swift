import Egg
import EggMySQL

final class PostController: Controller {
  func user() async throws {
    ctx.body = ["user": try await ctx.service.post.find(Int(ctx.params["id"]) ?? 0)]
  }

  func posts() async throws {
    let id = try await ctx.service.post.add("Hello World")
    try await app.mysql.query("update posts set hits = (hits + ?) where id = ?", [1, id])
    ctx.body = try await app.mysql.select("posts", where: ["id": id], as: Post.self)
  }

  func other() async throws {
    let other = app.mysql.get("db2")
    ctx.body =
      [
        "db1": try await app.mysql.get("db1")?.queryOne("select database() d")?.d.string ?? "none",
        "db2": try await other?.queryOne("select database() d")?.d.string ?? "none",
        "db3": app.mysql.get("db3") == nil ? "none" : "some",
      ] as Value
  }

  func instance() async throws {
    var config = app.config["mysql.client"]
    config.database = "mysql"
    let client = try await app.mysql.createInstance(config)
    ctx.body = try await client.queryOne("select database() d")?.d.string ?? ""
    try await client.end()
  }

  /// Fails inside of a nested scope, and tries to go on.
  func nested() async throws {
    do {
      try await app.mysql.beginTransactionScope(ctx) { tran in
        try await tran.insert("posts", ["title": "outer"])
        try? await self.app.mysql.beginTransactionScope(self.ctx) { inner in
          try await inner.insert("posts", ["title": "inner"])
          throw EggError("no")
        }
        try await tran.insert("posts", ["title": "late"])
      }
    } catch let error as SQLError {
      ctx.body = error.message
    }
  }

  /// The client goes away while this runs.
  func aborted() async throws {
    try await app.mysql.beginTransactionScope(ctx) { tran in
      try await tran.insert("posts", ["title": "aborted"])
      for _ in 0..<200 { try await tran.query("select sleep(0.01)") }
    }
  }

  func count() async throws {
    ctx.body =
      [
        "posts": try await app.mysql.count("posts", ["title": ctx.query["title"] ?? ""]),
        "stats": app.mysql.stats,
      ] as Value
  }

  func stream() async throws {
    var sum = 0
    for try await row in app.mysql.stream("select seq from seq_1_to_5000") {
      sum += row.seq.int ?? 0
    }
    ctx.body = "\(sum)"
  }

  func hooks() async throws {
    var seen: [String] = []
    let client = try await app.mysql.createInstance(app.config["mysql.client"])
    try await client.beforeQuery { $0.replacing("1", with: "2") }
    try await client.afterQuery { sql, _, _ in seen.append(sql) }
    let row = try await client.queryOne("select 1 a")
    try await client.query("select 5 a")
    ctx.body = "\(row?.a.int ?? 0) \(seen.first ?? "")"
    try await client.end()
  }

  func prepared() async throws {
    let row = try await app.mysql.execute("select ? a, ? b, ? c", UInt64.max, "it's", nil).first
    ctx.body = "\(row?.a.string ?? "-") \(row?.b.string ?? "-") \(row?.c.isNull == true)"
  }

  func duplicate() async throws {
    do { try await app.mysql.insert("users", ["id": 11]) } catch let error as SQLError {
      ctx.body = "\(error.code) \(error.errno) \(error.sqlState)"
    }
  }

  func byName() async throws { ctx.body = try await ctx.call("askDatabase") }
}
