import Egg

func router(_ app: Application) {
  app.router.post("/time", app.controller.time.pages)
  app.router.post("/page", app.controller.time.page)
}
