import Egg
import EggSocketIO

/// Puts everybody into one room.
func welcome(_ app: Application) -> Middleware {
  return { ctx, next in
    if ctx.socket.handshake.query["fail"].exists { throw EggError("no entry") }
    ctx.socket.join("default_room")
    app.io.of("/room").to("default_room").emit(
      "online", ["msg": "welcome", "id": ctx.socket.id] as Value)
    try await next()
    app.io.of("/room").emit("order", "inner")
  }
}
