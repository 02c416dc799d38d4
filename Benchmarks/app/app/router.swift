import Egg

func router(_ app: Application) {
  let home = app.controller.home
  app.router.get("/plaintext", home.plaintext)
  app.router.get("/json", home.json)
  app.router.get("/user/:id", home.user)
  app.router.get("/query", home.query)
  app.router.post("/echo", home.echo)
  let noop = app.middleware.noop()
  app.router.get("/mw", noop, noop, noop, noop, noop, noop, noop, noop, noop, noop, home.ok)
  app.router.get("/view", home.view)
  app.router.get("/header", home.header)
  app.router.get("/stream", home.stream)
  app.router.get("/slow", home.slow)
  app.router.get("/error", home.error)
}
