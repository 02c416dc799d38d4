import Egg

func router(_ app: Application) {
  app.router.get("/pid", app.controller.probe.pid)
  app.router.get("/slow/:ms", app.controller.probe.slow)
  app.router.get("/die/:how", app.controller.probe.die)
  app.router.get("/inbox", app.controller.probe.inbox)
  app.router.get("/send/:to", app.controller.probe.send)
  app.router.get("/many/:count/:size", app.controller.probe.many)
  app.router.get("/trace", app.controller.probe.trace)
  app.router.get("/origin", app.controller.probe.origin)
  app.router.get("/reload", app.controller.probe.reload)
  app.router.get("/orphan", app.controller.probe.orphan)
  app.router.get("/render/:name", app.controller.probe.render)
  app.router.get("/greeting", app.controller.probe.greeting)
  app.router.get("/not-ready", app.controller.probe.notReady)
  app.router.get("/client", app.controller.secure.client)
  app.router.get("/identity", app.controller.secure.identity)
  app.router.ws("/socket", EchoSocket.self)
}
