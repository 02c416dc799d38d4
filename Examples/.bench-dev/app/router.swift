import Egg

func router(_ app: Application) {
  app.router.get("home", "/", app.controller.home.index)
  app.router.get("user", "/user/:id", app.controller.user.info)
  app.router.post("/user", app.controller.user.create)
  app.router.get("/plaintext", app.controller.home.plaintext)
}
