import Egg
import LogRotation

/// Every minute: a large `file` becomes `file.1`, what was that becomes `file.2`, and so on.
final class RotateBySize: Subscription {
  static let schedule = Schedule(interval: .config("logrotator.rotateDuration"))

  func subscribe() async throws {
    let settings = try RotatorSettings(app)
    guard !settings.bySize.isEmpty else { return }
    let (files, size, count) = (settings.bySize, settings.maxFileSize, settings.maxFiles)
    try await rotate(ctx) { Rotation.shift(files, above: size, keeping: count) }
  }
}
