import Egg
import EggSocketIO

/// What people say. Each answers `{}`, or `{ error }` for the one who said it.
final class NspController: Controller {
  /// To one person: `{ target, payload: { msg } }`. Nobody else gets it.
  func exchange() async throws {
    let message = ctx.args.first ?? [:]
    guard let target = message.target.string, isSayable(message.payload) else { return }
    let people = try await app.io.of("/").adapter.clients([roomKey(room)])
    guard people.contains(target) else {
      return ctx.ack(["error": "This person has left."] as Value)
    }
    let meta: Value = ["client": ctx.socket.id, "target": target]
    // The receiver listens to its id as an event, and is alone in the room of that name.
    app.io.to(target).emit(target, ctx.helper.parseMsg("exchange", message.payload, meta))
    ctx.ack([:] as Value)
  }

  /// To the room: `{ payload: { msg } }`.
  func broadcast() async throws {
    let payload = ctx.args.first?.payload ?? [:]
    guard isSayable(payload) else { return }
    let meta: Value = ["client": ctx.socket.id]
    app.io.to(roomKey(room)).emit("broadcast", ctx.helper.parseMsg("broadcast", payload, meta))
    ctx.ack([:] as Value)
  }

  /// Somebody is writing. Who does not keep up need not know.
  func typing() async throws {
    ctx.socket.to(roomKey(room)).volatile.emit("typing", ctx.socket.id)
  }

  private var room: String { ctx.socket.data.room.string ?? "" }

  private func isSayable(_ payload: Value) -> Bool {
    let limit = config.chat.textLimit.int ?? 2000
    if let text = payload.msg.string, !text.isEmpty, text.utf8.count <= 4 * limit,
      text.count <= limit
    {
      return true
    }
    ctx.ack(["error": "Expected payload.msg of 1 to \(limit) characters."] as Value)
    return false
  }
}
