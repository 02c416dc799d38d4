import Egg

/// A function instead of a class; once, when the application is ready.
enum AtOnce {
  static let schedule = Schedule(type: .all, immediate: true)

  static func task(_ ctx: Context) async throws {
    ctx.logger.info("at_once ran in \(ctx.app.env)")
  }
}
