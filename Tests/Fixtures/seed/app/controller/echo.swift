import Egg

/// A WebSocket: sends back what comes, with some words of command.
final class EchoSocket: WebSocketController {
  override class var subprotocols: [String] { ["echo.v2", "echo"] }
  private var user = ""

  override func accept(_ request: Context) async throws {
    user = request.state["user"].string ?? ""
    if request.query["refuse"] != nil { try request.throw(401, "not you") }
  }

  override func connect() async throws {
    app.cache.set("socket.end", .null)
    if ctx.query["greet"] != nil {
      try await socket.send("welcome \(user) to \(ctx.params.room) as \(socket.subprotocol ?? "-")")
    }
  }

  override func message(_ text: String) async throws {
    switch text {
    case "bye": socket.close(4000, "as you wish")
    case "trap": throw EggError("a mistake")
    case "deny": try ctx.throw(403, "not allowed")
    case "service": try await socket.send(ctx.service.user.find("7").json)
    case "slow":
      try await Task.sleep(for: .milliseconds(50))
      try await socket.send("slept")
    case "flood":
      let piece = [UInt8](repeating: 7, count: 128 << 10)
      for _ in 0..<64 { try await socket.send(piece) }
      app.cache.set("socket.flooded", true)
      try await socket.send("flooded")
    default: try await socket.send(text)
    }
  }

  override func message(_ data: [UInt8]) async throws { try await socket.send(data) }

  override func close(_ code: Int, _ reason: String) async {
    app.cache.set("socket.end", ["code": Value(code), "reason": Value(reason)])
  }
}
