import Egg

final class HomeController: Controller {
  func index() async throws {
    ctx.body = "hi, egg"
  }

  func test() async throws {
    app.logger.info(config["keys"].string ?? "")
    ctx.body = config["keys"]
  }
}
