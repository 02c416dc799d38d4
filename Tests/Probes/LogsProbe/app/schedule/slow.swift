import Egg

/// Longer than its interval.
final class Slow: Subscription {
  static let schedule = Schedule(interval: 100)

  func subscribe() async throws {
    app.logger.info("slow begins")
    try await Task.sleep(for: .milliseconds(350))
    app.logger.info("slow ends")
  }
}
