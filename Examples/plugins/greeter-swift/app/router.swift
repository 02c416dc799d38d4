import Egg

func router(_ app: Application) {
  app.router.get("greeter", "/greeter/:name", app.controller.greeter.show)
}
