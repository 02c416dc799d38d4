import Egg

/// Puts the middleware `securities` into the onion, behind `session`.
final class SecurityBoot: Boot {
  private var layer: SecurityLayer?

  override func register() throws {
    guard let layer = SecurityLayer(app.hostTable) else {
      throw EggError(code: "EGG_SECURITY", "the kernel lacks an interface")
    }
    try layer.register()
    self.layer = layer
    app.extend { unit in
      // For the layer alone: what is computed for each answer.
      unit.method(Context.self, "securityHeaders") { ctx, _ in
        let changed = ctx.state.securityOptions
        for rule in ctx.app[SecurityKey.self]?.headers ?? [] {
          try rule.apply(ctx, changed[rule.name])
        }
        return .undefined
      }
    }
  }

  override func configWillLoad() async throws {
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    guard !names.contains("securities") else { return }
    names.append("securities")
    try app.config.set("coreMiddleware", Value(names), origin: "plugin security")
  }

  override func configDidLoad() async throws {
    let settings = try SecuritySettings(app)
    app[SecurityKey.self] = settings
    let cookies = app.config.cookies
    let cookiesVary =
      app.config.proxy.isTruthy || cookies.object?.isEmpty == false
      || app.config["protocol"].string == "https"
    try layer?.start(settings, cookiesVary: cookiesVary)
  }
}

enum SecurityKey: StorageKey { typealias Value = SecuritySettings }
