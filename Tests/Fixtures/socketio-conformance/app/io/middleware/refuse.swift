import Egg
import EggSocketIO

/// Drops the event `forbidden` with an error.
func refuse(_ app: Application) -> Middleware {
  return { ctx, next in
    if ctx.packet.first?.string == "forbidden" { throw EggError("forbidden event") }
    try await next()
  }
}
