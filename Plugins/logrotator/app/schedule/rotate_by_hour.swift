import Egg
import LogRotation

/// Every hour: `file` becomes `file.2026-05-01-09`.
final class RotateByHour: Subscription {
  static let schedule = Schedule(cron: "0 1 * * * *")

  func subscribe() async throws {
    let settings = try RotatorSettings(app)
    guard !settings.byHour.isEmpty else { return }
    let (files, delimiter) = (settings.byHour, settings.hourDelimiter)
    try await rotate(ctx) { Rotation.rename(files, to: "." + PastTime.lastHour(delimiter)) }
  }
}
