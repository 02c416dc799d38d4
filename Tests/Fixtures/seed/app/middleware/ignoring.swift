import Egg

/// Says in a header that it ran.
func ignoring() -> Middleware {
  { ctx, next in
    try await next()
    ctx.set("X-Ignoring", "yes")
  }
}
