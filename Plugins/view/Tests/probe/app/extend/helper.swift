import Egg

extension Helper {
  func greeting(_ name: String) -> String { "Hello, \(name)!" }
  func bold(_ text: String) -> Value { .markup("<b>\(text)</b>") }
  func pick(_ options: Value) -> String { options.key.string ?? options.kindName }
  func refuse(_ reason: String) throws -> String {
    throw EggError(status: 403, code: "REFUSED", reason)
  }
  func slowly(_ text: String) async -> String { text }
  var color: String { "yellow" }
}
