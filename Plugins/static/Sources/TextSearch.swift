import EggHTTPSemantics

nonisolated extension StringProtocol {
  /// By bytes; see `hasText`.
  func contains(_ text: String) -> Bool { hasText(self, text) }
}
