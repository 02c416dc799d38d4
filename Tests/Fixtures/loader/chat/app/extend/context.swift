import Egg

extension Context {
  var isMobile: Bool { false }

  var theme: String {
    get { "dark" }
    set { body = Value(stringLiteral: newValue) }
  }

  func tenant(of name: String?) -> String { name ?? "" }
  func users() async throws -> [String: [Value]] { [:] }
  func nothing() {}

  // Swift only: a closure cannot come from a template.
  func each(_ body: (Value) -> Void) {}
  // egg: local
  func secret() -> Value { [:] }
  private func hidden() -> Int { 1 }
}
