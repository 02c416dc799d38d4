import Egg

func router(_ app: Application) {
  app.router.get("/", app.controller.home.index)
}
