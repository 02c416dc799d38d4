import Egg

final class HomeController: Controller {
  func index() {
    ctx.body = "hi, egg"
  }

  func test() async throws {
    ctx.body = "test"
  }
}
