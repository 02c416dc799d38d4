import Egg

/// Tells who answered; on in `config/config.default.json`, off in production.
func poweredBy(_ options: Value, _ app: Application) -> Middleware {
  let text = options.text.string ?? "yadan"
  return { ctx, next in
    try await next()
    ctx.set("X-Powered-By", text)
  }
}
