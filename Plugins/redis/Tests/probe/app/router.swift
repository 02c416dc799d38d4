import Egg

func router(_ app: Application) {
  app.router.get("/set/:value", app.controller.redis.set)
  app.router.get("/batch", app.controller.redis.batch)
  app.router.get("/channel/:text", app.controller.redis.channel)
  app.router.get("/script", app.controller.redis.script)
  app.router.get("/wrong", app.controller.redis.wrong)
  app.router.get("/named/:name", app.controller.redis.named)
  app.router.get("/another/:db", app.controller.redis.another)
  app.router.get("/status", app.controller.redis.status)
  app.router.get("/many/:count", app.controller.redis.many)
}
