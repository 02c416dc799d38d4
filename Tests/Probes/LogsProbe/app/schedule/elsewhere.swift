import Egg

final class Elsewhere: Subscription {
  static let schedule = Schedule(interval: 50, env: ["staging"])

  func subscribe() async throws { app.logger.info("elsewhere ran") }
}
