import Egg

func router(_ app: Application) {
  app.logger.info("step app.router")
  app.router.get("/") { ctx in ctx.body = ctx.app.config.remote }
}
