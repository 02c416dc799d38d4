import Egg

func middlewareTwo(_ options: Value, _ app: Application) -> Middleware {
  return { ctx, next in
    app.logger.info("hello middleware start two " + (options.data.string ?? ""))
    try await next()
    app.logger.info("hello middleware end two " + (options.data.string ?? ""))
  }
}
