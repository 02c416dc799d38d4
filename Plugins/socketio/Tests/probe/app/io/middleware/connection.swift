import Egg
import EggSocketIO

/// Greets, and notes when the client has gone.
func connection(_ app: Application) -> Middleware {
  return { ctx, next in
    ctx.socket.emit("res", "connected!")
    let mark = ctx.query["mark"]
    try await next()
    app.io.of("/seed").emit("gone", mark)
  }
}
