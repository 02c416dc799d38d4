import Egg

final class EverySecond: Subscription {
  static let schedule = Schedule(cron: "* * * * * *", overlap: .allow)

  func subscribe() async throws { app.logger.info("every_second ran") }
}
