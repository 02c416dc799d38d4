import Egg
import EggMultipart

/// Removes what crashed processes have left behind.
final class CleanTmpdir: Subscription {
  static let schedule = Schedule(cron: "config:multipart.cleanSchedule.cron")

  func subscribe() async throws {
    let root = TemporaryFolder.root(app)
    try await app.runBlocking { TemporaryFolder.clean(root, olderThan: 24 * 60 * 60) }
  }
}
