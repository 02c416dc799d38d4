import Egg
import SocketIOClient

func router(_ app: Application) {
  let (router, controller) = (app.router, app.controller)
  router.get("/", controller.home.index)
  router.get("/user/:id", controller.user.info)
  router.get("/test", app.middleware.middlewareOne(["data": "33333"]), controller.home.test)
  router.get("/admin/user", controller.admin.user.info)
  router.get("/admin/user/new", controller.admin.user.new)
  router.get("/ping", app.middleware.gzip([:]), controller.ping.pong)
  router.get("/health", controller.health.alive)
  app.io.on("exchange", app.io.controller.nsp.exchange)
  app.io.on("exchange", app.exports.io.controller.nsp.exchange)
}
