import Egg

/// Says in a header that it ran.
func matched() -> Middleware {
  { ctx, next in
    try await next()
    ctx.set("X-Matched", "yes")
  }
}
