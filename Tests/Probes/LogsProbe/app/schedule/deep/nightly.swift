import Egg

final class Nightly: Subscription {
  static let schedule = Schedule(cron: "0 30 2 * * *", tz: "Europe/Berlin")

  func subscribe() async throws { ctx.logger.info("nightly ran \(ctx.method) \(ctx.url)") }
}
