import Egg

extension Application {
  /// For `config.security.ssrf.checkAddress`.
  func mayAsk(_ address: String, _ hostname: String) -> Bool {
    address != "9.9.9.9" && hostname != "never.test"
  }
}
