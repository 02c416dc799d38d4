import Egg

final class HomeController: Controller {
  /// The page; the rest happens in `app/public/chat.js`.
  func index() async throws {
    try await ctx.render("chat.njk", ["rooms": Value.list(try await service.room.all())])
  }
}
