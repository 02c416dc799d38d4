import Egg

enum PingController {
  static func pong(_ ctx: Context) { ctx.body = "pong" }
  static func through(_ ctx: Context, _ next: Next) async throws { try await next() }
}
