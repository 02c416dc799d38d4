import Egg
import EggSessionClient
import EggSocketIO

final class DefaultController: Controller {
  func ping() async throws {
    let message = ctx.args.first?.string ?? ""
    ctx.socket.emit("res", "Hi! I've got your message: \(message)")
  }

  func second() async throws { ctx.socket.emit("res", "second") }

  func ask() async throws { ctx.ack("answer", ctx.args.count) }

  func answer() async throws -> [Int] { [ctx.args.count, 7] }

  func who() -> Value { ctx.session.name }

  func both() -> String {
    ctx.ack("first")
    return "second"
  }

  func fail() async throws { throw EggError("broken") }

  func gone() async throws { app.io.of("/seed").emit("reason", ctx.args.first ?? .null) }
}
