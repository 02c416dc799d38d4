import Egg

final class GreeterController: Controller {
  func show() async throws { ctx.body = try await ctx.greetLater(ctx.params.name) }
}
