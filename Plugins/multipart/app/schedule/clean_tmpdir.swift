import Egg
import EggMultipart

/// Removes what crashed processes have left behind.
enum CleanTmpdir {
  static let schedule = Schedule(cron: "0 30 4 * * *", type: .worker)

  static func task(_ ctx: Context) async throws {
    let root = TemporaryFolder.root(ctx.app)
    try await ctx.app.runBlocking { TemporaryFolder.clean(root, olderThan: 24 * 60 * 60) }
  }
}
