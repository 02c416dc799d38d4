import Egg

final class UserController: Controller {
  func fetch() async throws {
    let id = ctx.request.query["id"] ?? ""
    ctx.response.body = app.cache.get(id)
  }

  func info() async throws {
    let userId = ctx.params["id"]
    let user = try await ctx.service.user.find(userId)
    ctx.body = user
  }

  /// The service is the same object for the whole request.
  func twice() async throws {
    _ = try await service.user.find("1")
    let second = try await ctx.service.user.find("2")
    ctx.body = ["second": second, "posts": service.user.posts()] as Value
  }
}
