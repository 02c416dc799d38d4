import Egg

private enum ThemeKey: StorageKey { typealias Value = String }

extension Context {
  var isIOS: Bool { request.get("user-agent").contains("iPhone") }

  var theme: String {
    get { self[ThemeKey.self] ?? "light" }
    set { self[ThemeKey.self] = newValue }
  }

  func whoami(_ greeting: String, _ mark: String = "!") -> String { "\(greeting), \(path)\(mark)" }
}
