import Egg

/// Serves files of `app/public`: the middleware `static`, in front of the body parser.
final class StaticBoot: Boot {
  private lazy var registration = StaticRegistration(app)

  override func register() throws {
    try registration.add()
    app.folders("app/public") { [registration] folders in
      // The application's own folder is `config.static.dir`.
      registration.contributed = folders.filter { $0.unitKind != .application }.map(\.path)
    }
  }

  override func configWillLoad() async throws {
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    if !names.contains("static") {
      names.insert("static", at: names.firstIndex(of: "bodyParser") ?? names.count)
      try app.config.set("coreMiddleware", Value(names), origin: "plugin static")
    }
    try registration.limitToPrefixes()
  }
}
