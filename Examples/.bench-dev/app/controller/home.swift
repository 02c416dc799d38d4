import Egg

final class HomeController: Controller {
  /// The page: a template from `app/view`, a stylesheet from `app/public`.
  func index() async throws {
    try await ctx.render(
      "home/index.njk",
      [
        "title": "Egg for Swift",
        "users": Value(try ctx.service.user.all()),
        "units": Value(app.plugins.map { ["name": Value($0.name), "version": Value($0.version)] }),
        "started": Value(Int(ctx.starttime)),
      ])
  }

  func plaintext() {
    ctx.body = "Hello, World!"
  }
}
