import Egg
import EggSocketIO

/// Sends everybody away.
func kick() -> Middleware {
  return { ctx, next in
    ctx.socket.emit("res", "bye")
    if ctx.socket.handshake.query.how.string != "stay" {
      ctx.socket.disconnect(ctx.socket.handshake.query.how.string == "close")
    }
  }
}
