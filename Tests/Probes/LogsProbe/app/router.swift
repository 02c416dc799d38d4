import Egg

/// Lines, crashes and figures that tests ask for.
func router(_ app: Application) {
  let log = app.controller.log
  app.router.get("/line", log.line)
  app.router.get("/custom/:name", log.custom)
  app.router.get("/many/:count", log.many)
  app.router.get("/user", log.user)
  app.router.get("/loggers", log.loggers)
  app.router.get("/level/:name/:level", log.level)
  app.router.get("/crash/:how", log.crash)
  app.router.get("/reload", log.reload)
  app.router.get("/run", app.controller.schedule.run)
}
