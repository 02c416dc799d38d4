import Egg

final class Locked: Subscription {
  static let schedule = Schedule(interval: 100, type: .single)

  func subscribe() async throws { app.logger.info("locked ran") }
}
