import Egg
import EggSessionClient
import EggSocketIO

func router(_ app: Application) {
  if app.env == "api" { api(app) }
  app.io.of("/").route("exchange", app.io.controller.nsp.exchange)
  let seed = app.io.of("/seed")
  seed.route("ping", app.io.controller.default.ping)
  seed.route("ping", app.io.controller.default.second)
  seed.route("ask", app.io.controller.default.ask)
  seed.route("who", app.io.controller.default.who)
  // What the configuration does for "/seed", without a name that could be wrong.
  let typed = app.io.of("/typed")
  typed.connectionMiddleware(app.io.middleware.connection)
  typed.packetMiddleware(app.io.middleware.packet)
  typed.route("ping", app.io.controller.default.ping)
  app.router.get("/login/:name") { ctx in
    ctx.session.name = .text(ctx.params["name"])
    ctx.body = "welcome"
  }
  seed.route("answer", app.io.controller.default.answer)
  seed.route("both", app.io.controller.default.both)
  seed.route("fail", app.io.controller.default.fail)
  seed.route("disconnect", app.io.controller.default.gone)
}
