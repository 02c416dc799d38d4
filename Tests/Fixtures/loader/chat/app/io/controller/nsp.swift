import Egg

final class NspController: Controller {
  func exchange() async throws {}
}
