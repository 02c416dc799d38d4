import Egg

func router(_ app: Application) {
  app.router.get("/run", app.controller.bench.run)
  app.router.get("/post/:id", app.controller.bench.post)
}
