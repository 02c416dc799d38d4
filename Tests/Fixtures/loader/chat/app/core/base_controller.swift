import Egg

/// What controllers share; a helper here may take parameters.
class BaseController: Controller {
  func whoami() { success("nobody") }
  func success(_ data: Value) { ctx.body = data }
}
