import Egg

final class UserController: BaseController {
  func info() async throws {
    ctx.body = try await ctx.service.user.find(ctx.params["id"])
  }
}
