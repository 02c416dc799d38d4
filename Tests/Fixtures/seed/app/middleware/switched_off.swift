import Egg

/// Never runs: `config.switchedOff.enable` is false.
func switchedOff() -> Middleware {
  { ctx, next in
    try await next()
    ctx.set("X-Switched-Off", "yes")
  }
}
