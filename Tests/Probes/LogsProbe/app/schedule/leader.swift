import Egg

/// Of a type that the application adds in `app.swift`.
final class Leader: Subscription {
  static let schedule = Schedule(customType: "leader")

  func subscribe() async throws {
    app.logger.info("leader ran with \(ctx.state.scheduleArguments.array?.count ?? 0) arguments")
  }
}
