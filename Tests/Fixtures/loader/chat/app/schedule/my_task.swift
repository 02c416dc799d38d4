import Egg

final class MyTask: Subscription {
  static let schedule = Schedule(interval: "10s")
  func subscribe() async throws {}
}
