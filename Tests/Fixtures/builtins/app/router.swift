import Egg

func router(_ app: Application) {
  app.router.get("/plain", app.controller.session.plain)
  app.router.get("/session/get/:name", app.controller.session.get)
  app.router.post("/session/set", app.controller.session.set)
  app.router.post("/session/replace", app.controller.session.replace)
  app.router.post("/session/destroy", app.controller.session.destroy)
  app.router.post("/session/age/:time", app.controller.session.age)
  app.router.post("/session/save", app.controller.session.save)
  app.router.post("/session/regenerate", app.controller.session.regenerate)
  app.router.post("/session/commit", app.controller.session.commit)
  app.router.post("/session/fail", app.controller.session.fail)
  app.router.get("/session/face", app.controller.session.face)
  app.router.get("/session/store", app.controller.session.store)
  app.router.get("/session/events", app.controller.session.events)
  app.router.get("/fail/plain", app.controller.failing.plain)
  app.router.get("/fail/later", app.controller.failing.later)
  app.router.get("/fail/refused", app.controller.failing.refused)
  app.router.get("/fail/secret", app.controller.failing.secret)
  app.router.get("/fail/file", app.controller.failing.missingFile)
}
