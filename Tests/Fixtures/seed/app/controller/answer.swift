import Egg

/// One answer of every kind.
final class AnswerController: Controller {
  func text() { ctx.body = "text" }
  func html() { ctx.body = "<b>html</b>" }
  func json() { ctx.body = ["a": 1, "b": [true, nil]] as Value }
  func bytes() { ctx.body = [0, 255, 10] as [UInt8] }
  func nothing() { ctx.body = nil }
  func statusOnly() { ctx.status = 418 }
  func echoBody() {
    ctx.body = ["type": Value(ctx.request.type), "body": ctx.request.body] as Value
  }

  func decoded() throws {
    struct Form: Decodable {
      let title: String
      let count: Int
    }
    let form: Form = try ctx.request.decode()
    ctx.body = "\(form.title) x \(form.count)"
  }

  func stream() {
    ctx.type = "text/plain"
    ctx.body = StreamBody { writer in
      for piece in 1...5 {
        try await writer.write("piece \(piece)\n")
        try await Task.sleep(for: .milliseconds(1))
      }
    }
  }

  func file() { ctx.body = FileBody(app.baseDir + "/app/files/data.txt") }
  func filePiece() {
    ctx.body = FileBody(app.baseDir + "/app/files/data.txt", offset: 6, length: 4)
  }
  func missingFile() { ctx.body = FileBody(app.baseDir + "/app/files/none.txt") }

  func thrown() throws {
    ctx.set("X-Before", "lost")
    try ctx.throw(
      422, "Validation Failed",
      ["code": "invalid_param", "errors": ["title"], "headers": ["X-Kept": "kept"]])
  }

  func asserted() throws {
    try ctx.assert(ctx.query["ok"] == "1", 403, "not ok")
    let name = try ctx.assert(ctx.query["name"], 400, "a name is needed")
    ctx.body = name
  }

  func broken() throws { throw EggError("the secret of the server") }

  func redirect() { ctx.redirect(ctx.query["to"] ?? "/text") }

  func helper() {
    ctx.body = ctx.helper.parseMsg("exchange", ["msg": "test"], ["client": "c", "target": "t"])
  }

  func extensions() {
    ctx.response.noStore()
    ctx.theme = "dark"
    ctx.body =
      [
        "isIOS": Value(ctx.isIOS), "theme": Value(ctx.theme), "isJSON": Value(ctx.request.isJSON),
        "state": ctx.state["seen"], "me": Value(ctx.whoami("hello")),
      ] as Value
  }
}
