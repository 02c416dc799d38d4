import Egg
import EggSocketIO

/// Nobody talks without end: events beyond `config.chat.maxEvents` in ten seconds are dropped.
func calm(_ app: Application) -> Middleware {
  let limit = app.config.chat.maxEvents.int ?? 50
  return { ctx, next in
    let window = Timestamp.now.milliseconds / 10_000
    var data = ctx.socket.data
    let count = data.window.int == Int(window) ? (data.count.int ?? 0) + 1 : 1
    guard count <= limit else {
      ctx.ack(["error": "Slowly, please: wait a few seconds."] as Value)
      return
    }
    data.window = .integer(window)
    data.count = Value(count)
    ctx.socket.data = data
    try await next()
  }
}
