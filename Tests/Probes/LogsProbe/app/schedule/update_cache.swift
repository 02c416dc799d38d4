import Egg

/// The example of Egg's documentation: fetch something every while, in one worker.
final class UpdateCache: Subscription {
  static let schedule = Schedule(interval: "100ms", type: .worker)

  func subscribe() async throws {
    let count = (app.locals["runs"].flatMap { $0.int } ?? 0) + 1
    app.locals["runs"] = .integer(count)
    ctx.logger.info("update_cache ran \(count)")
  }
}
