import Egg
import LogRotation

/// Every day: files of days and hours that are too old go.
final class CleanLog: Subscription {
  static let schedule = Schedule(cron: "30 0 0 * * *")

  func subscribe() async throws {
    let days = try RotatorSettings(app).maxDays
    guard days > 0 else { return }
    let files = RotatorSettings.files(of: app.loggers)
    let (removed, problems) = try await app.runBlocking { Rotation.clean(files, olderThan: days) }
    for file in removed { ctx.coreLogger.info("[logrotator] removed \(file)") }
    for problem in problems { ctx.coreLogger.error("[logrotator] \(problem)") }
  }
}
