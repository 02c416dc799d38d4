import Egg

final class HomeController: Controller {
  /// What the framework gives, as any unit sees it.
  func index() {
    ctx.body = app.extension("yadan")
  }
}
