import Egg

/// Puts `cors` in front of everything, so that answers of all layers have its fields.
final class CorsBoot: Boot {
  override func configWillLoad() async throws {
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    guard !names.contains("cors") else { return }
    names.insert("cors", at: 0)
    try app.config.set("coreMiddleware", Value(names), origin: "plugin cors")
  }
}
