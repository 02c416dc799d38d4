import Egg
import EggSocketIO

func router(_ app: Application) {
  app.router.get("/", app.controller.home.index)
  app.router.get("/rooms", app.controller.room.index)
  app.router.post("/rooms", app.controller.room.create)

  let nsp = app.io.of("/")
  nsp.route("exchange", app.io.controller.nsp.exchange)
  nsp.route("broadcast", app.io.controller.nsp.broadcast)
  nsp.route("typing", app.io.controller.nsp.typing)
}
