import Egg

/// A controller of functions, named by text in the router.
enum AdminUserController {
  static func info(_ ctx: Context) { ctx.body = "admin \(ctx.params.id)" }
  static func fallThrough(_ ctx: Context, _ next: Next) async throws {
    ctx.set("X-Passed", "yes")
    try await next()
  }
}
