import Egg

extension Context {
  /// For `match` and `ignore`.
  var isInner: Bool { self.get("x-from") == "inside" }
  func asksPolitely() -> Bool { get("x-please") == "yes" }
  func failsToSay() throws -> Bool { throw EggError("nobody knows") }
  func saysLater() async -> Bool { true }
}
