import Egg

final class AdminUserController: Controller {
  func info() {}
  func new(_ ctx: Context) async {}
}

extension AdminUserController {
  func show() -> String { "shown" }
}
