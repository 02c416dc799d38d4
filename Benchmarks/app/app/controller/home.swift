import Egg

final class HomeController: Controller {
  /// The 50 rows of `/view`, made once.
  private static let rows = Value((1...50).map { row($0) })

  private static func row(_ number: Int) -> Value {
    var row: Value = ["id": Value(number)]
    row["name"] = Value("User \(number) <\(number * 7)>")
    row["email"] = Value("user\(number)@example.com")
    row["balance"] = Value(Double(number) * 12.25)
    row["active"] = Value(number % 3 != 0)
    return row
  }

  func plaintext() { ctx.body = "Hello, World!" }

  func json() { ctx.body = ["message": "Hello, World!"] as Value }

  func user() { ctx.body = ["id": Value(ctx.params["id"])] as Value }

  func query() throws {
    ctx.body = ["query": ctx.query.value, "queries": try Value(encoding: ctx.queries)] as Value
  }

  func echo() {
    // Text comes back as text, JSON and forms as JSON.
    if let text = ctx.request.body.string {
      ctx.body = text
    } else {
      ctx.body = ctx.request.body
    }
  }

  func ok() { ctx.body = "ok" }

  func view() async throws {
    try await ctx.render("table.njk", ["rows": HomeController.rows])
  }

  func header() throws {
    ctx.set(ctx.query["name"] ?? "", ctx.query["value"] ?? "")
    ctx.body = "ok"
  }

  func stream() {
    ctx.body = StreamBody { writer in
      for number in 1...100 { try await writer.write("line \(number)\n") }
    }
    ctx.type = "text/plain"
  }

  func slow() async throws {
    let milliseconds = min(ctx.query["ms"].flatMap { Int($0) } ?? 100, 60_000)
    try await Task.sleep(for: .milliseconds(milliseconds))
    ctx.body = "waited \(milliseconds) ms"
  }

  func error() throws {
    try ctx.throw(500, "this route fails on purpose")
  }
}
