import Egg

func middlewareOne(_ options: Value, _ app: Application) -> Middleware {
  return { ctx, next in
    app.logger.info("hello middleware start one" + (options.data.string ?? ""))
    try await next()
    app.logger.info("hello middleware end one" + (options.data.string ?? ""))
  }
}
