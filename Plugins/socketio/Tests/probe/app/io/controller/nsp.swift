import Egg
import EggSocketIO

/// From one client to another, by the receiver's id as the event's name.
final class NspController: Controller {
  func exchange() async throws {
    let message = ctx.args.first ?? [:]
    guard let target = message.target.string else { return }
    let meta: Value = ["client": ctx.socket.id, "target": target]
    app.io.of("/").emit(target, ctx.helper.parseMsg("exchange", message.payload, meta))
  }
}
