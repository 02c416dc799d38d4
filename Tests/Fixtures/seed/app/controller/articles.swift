import Egg

/// Five of the seven actions of a resource.
final class ArticlesController: Controller {
  func index() { ctx.body = "index" }
  func new() { ctx.body = "new" }
  func create() { ctx.body = "create" }
  func show() { ctx.body = "show \(ctx.params.id)" }
  func destroy() { ctx.status = 204 }
}
