import Egg
import EggSocketIO

/// Announces every packet, drops some, changes some.
func packet(_ app: Application) -> Middleware {
  return { ctx, next in
    switch ctx.packet.first?.string {
    case "drop": return
    case "refuse":
      var error = EggError("not today")
      error.properties["data"] = ["why": "weather"]
      throw error
    case "change": ctx.packet = [.text("ping"), .text("changed")]
    default: ctx.socket.emit("res", "packet received!")
    }
    try await next()
    ctx.socket.emit("after", ctx.packet[0])
  }
}
