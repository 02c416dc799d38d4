import Egg
import EggSocketIO

/// Around the other one.
func outer(_ app: Application) -> Middleware {
  return { _, next in
    try await next()
    app.io.of("/room").emit("order", "outer")
  }
}
