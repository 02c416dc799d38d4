import Egg

/// `config.security.csrf`
struct CsrfSettings {
  enum Kind: String { case ctoken, referer, all, any }

  let kind: Kind
  let place: PathFilter
  let ignoresJSON: Bool
  let usesSession: Bool
  let sessionName: String
  let cookieNames: [String]
  let headerNames: [String]
  let bodyNames: [String]
  let queryNames: [String]
  let cookie: CookieOptions
  let rotates: Bool
  /// Where and for which methods requests are checked.
  let checked: [(place: PathFilter, methods: Set<String>)]
  let refererWhiteList: [String]

  /// - Throws: `EggError` that names the key which does not fit.
  init(_ config: Value, _ app: Application) throws {
    guard let kind = Kind(rawValue: config["type"].string ?? "") else {
      throw EggError(
        code: "EGG_CONFIG",
        "config.security.csrf.type: expected \"ctoken\", \"referer\", \"all\" or \"any\", found"
          + " \(config["type"].json)")
    }
    self.kind = kind
    place = try PathFilter(config, "security.csrf", app)
    ignoresJSON = config.ignoreJSON.isTruthy
    usesSession = config.useSession.isTruthy
    if usesSession, !app.plugins.contains(where: { $0.name == "session" }) {
      throw EggError(
        code: "EGG_SECURITY",
        "config.security.csrf.useSession needs the plugin session; enable it in config/plugin.json")
    }
    sessionName = config.sessionName.string ?? "csrfToken"
    cookieNames = try SecuritySettings.texts(config.cookieName, "csrf.cookieName")
    headerNames = try SecuritySettings.texts(config.headerName, "csrf.headerName")
    bodyNames = try SecuritySettings.texts(config.bodyName, "csrf.bodyName")
    queryNames = try SecuritySettings.texts(config.queryName, "csrf.queryName")
    guard !cookieNames.isEmpty || usesSession else {
      throw EggError(code: "EGG_CONFIG", "config.security.csrf.cookieName: expected a name")
    }
    rotates = config.rotateWhenInvalid.isTruthy
    refererWhiteList = try SecuritySettings.texts(config.refererWhiteList, "csrf.refererWhiteList")
    checked = try (config.supportedRequests.array ?? []).map { rule in
      let methods = rule.methods.array?.compactMap(\.string) ?? []
      let path = rule.path.exists ? rule.path : "/"
      return (
        try PathFilter(["match": path], "security.csrf.supportedRequests", app),
        Set(methods.map { $0.uppercased() })
      )
    }
    cookie = Self.cookie(config)
  }

  private static func cookie(_ config: Value) -> CookieOptions {
    let options = config.cookieOptions
    return CookieOptions(
      path: options.path.string, domain: config.cookieDomain.string ?? options.domain.string,
      maxAge: options.maxAge.int.map { .milliseconds($0) }, secure: options.secure.bool,
      httpOnly: options.httpOnly.bool ?? false, signed: options.signed.bool ?? false,
      overwrite: options.overwrite.bool ?? true,
      sameSite: options.sameSite.string.flatMap {
        CookieOptions.SameSite(rawValue: $0.lowercased())
      })
  }

  var needsSecret: Bool { kind != .referer }

  /// Whether a request is checked at all.
  func isChecked(_ ctx: Context) -> Bool {
    checked.contains { $0.methods.contains(ctx.method) && $0.place.admits(ctx) }
  }

  /// Methods of which some are checked.
  var methods: Set<String> { checked.reduce(into: []) { $0.formUnion($1.methods) } }
}
