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

  /// The client that `app.swift` has made.
  func center() async throws {
    ctx.body = try await app.database?.queryOne("select database() d")?.d.string ?? "none"
  }

  func inserted() async throws {
    ctx.body = try Value(
      encoding: await app.mysql.insert("posts", ["title": "Hello World"]).summary)
  }

  /// Who comes in is asked before each connection.
  func renewed() async throws {
    var asked = 0
    var config = app.config["mysql.client"]
    let password = config.password
    config.password = "expired"
    config.connectionLimit = 1
    let client = try await app.mysql.createInstanceAsync(config) {
      asked += 1
      return ["password": password]
    }
    let id = try await client.queryOne("select connection_id() id")?.id.int ?? 0
    try await app.mysql.query("kill ?", [id])
    // The pool hears of the end by itself.
    while client.stats.allConnections.int != 0 { try await Task.sleep(for: .milliseconds(5)) }
    try await client.query("select 1")
    ctx.body = "\(asked)"
    try await client.end()
  }

  func json() async throws {
    struct Settings: Codable { var colours: [String], depth: Int }
    struct Stored: Decodable { var id: Int, settings: Settings, tags: [String], none: [Int]? }
    let settings = Settings(colours: ["rot", "blå"], depth: 3)
    try await app.mysql.insert(
      "documents",
      [
        "id": 1, "settings": try SQLValue.json(settings), "tags": try SQLValue.json(["a", "b"]),
        "none": nil,
      ])
    let stored = try await app.mysql.get("documents", ["id": 1], as: Stored.self)
    let row = try await app.mysql.queryOne(
      "select settings, json_value(settings, '$.depth') d from documents")
    ctx.body =
      [
        "colours": try Value(encoding: stored?.settings.colours ?? []),
        "tags": try Value(encoding: stored?.tags ?? []), "none": stored?.none == nil,
        "depth": row?.settings.json?.depth ?? .null, "d": Value(row?.d ?? .null),
      ] as Value
  }

  /// 100 MB.
  func large() async throws {
    var bytes = 0
    for try await row in app.mysql.stream("select repeat('x', 10000) x from seq_1_to_10000") {
      bytes += row.x.string?.utf8.count ?? 0
    }
    ctx.body = "\(bytes)"
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
      try await tran.query("select sleep(3600)")
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
