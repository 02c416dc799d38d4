import Egg
import LogRotation

/// Every day: `file` becomes `file.2026-05-01`.
final class RotateByFile: Subscription {
  static let schedule = Schedule(cron: "1 0 0 * * *")

  func subscribe() async throws {
    let files = try RotatorSettings(app).byDay(app.loggers)
    try await rotate(ctx) { Rotation.rename(files, to: "." + PastTime.yesterday()) }
  }
}
