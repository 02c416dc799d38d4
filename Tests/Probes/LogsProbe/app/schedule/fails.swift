import Egg

final class Fails: Subscription {
  static let schedule = Schedule(interval: "1h", immediate: true)

  func subscribe() async throws { throw EggError(code: "NO_LUCK", "as always") }
}
