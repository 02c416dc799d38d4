import Egg

func router(_ app: Application) {
  app.locals["site"] = "probe"
  app.locals["layer"] = "application"
  app.router.get("/render", app.controller.page.render)
  app.router.get("/view", app.controller.page.view)
  app.router.get("/string", app.controller.page.string)
  app.router.get("/call", app.controller.page.call)
  app.router.get("named", "/named/:id", app.controller.page.render)
  app.router.get("/view-face", app.controller.page.face)
  app.router.get("/time/:rounds", app.controller.page.time)
}
