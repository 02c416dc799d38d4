import Egg

/// Answers with a call of the function that the query names: `app.jsonp()` on a route.
func jsonp(_ options: Value, _ app: Application) throws -> Middleware {
  let settings = try JSONPSettings(options, app)
  return { ctx, next in
    let function = settings.function(ctx)
    ctx[FunctionKey.self] = function
    try settings.check(ctx)
    try await next()
    guard let function, ctx.response.hasBody else { return }
    let content = try ctx.body.map { try Value(encoding: $0) } ?? .undefined
    ctx.body = jsonpText(function, content)
    ctx.type = "js"
    ctx.set("X-Content-Type-Options", "nosniff")
  }
}
