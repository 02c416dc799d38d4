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

  app.router.get("/token", app.controller.security.token)
  app.router.get("/nonce", app.controller.security.nonce)
  app.router.get("/options", app.controller.security.options)
  app.router.get("/leave", app.controller.security.leave)
  app.router.all("/guarded", app.controller.security.guarded)
  app.router.post("/api/guarded", app.controller.security.guarded)
  app.router.post("/login", app.controller.security.login)
  app.router.get("/assert", app.controller.security.assert)
  app.router.post("/helper", app.controller.security.helper)
  app.router.get("/domain/:host", app.controller.security.domain)
  app.router.get("/address/:address", app.controller.security.address)
  app.router.get("/page/:name", app.controller.security.page)

  app.router.post("/posts", app.controller.post.create)
  app.router.post("/typed", app.controller.post.typed)
  app.router.post("/rules", app.controller.post.rules)
}
