import Egg

/// Puts the middleware `compress` in front of everything, so that it sees what is really sent.
final class CompressBoot: Boot {
  private var layer: CompressLayer?

  override func register() throws {
    guard let layer = CompressLayer(app.hostTable) else {
      throw EggError(code: "EGG_COMPRESS", "the kernel lacks an interface")
    }
    try layer.register()
    self.layer = layer
  }

  override func configWillLoad() async throws {
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    guard !names.contains("compress") else { return }
    names.insert("compress", at: 0)
    try app.config.set("coreMiddleware", Value(names), origin: "plugin compress")
  }

  override func configDidLoad() async throws {
    layer?.start(try CompressSettings(app.config.compress))
  }
}
