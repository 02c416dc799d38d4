import Egg
import EggSecurityRules

/// The secret of a visitor, and the proof that a request comes from one of our pages.
struct Csrf {
  let settings: CsrfSettings
  let ctx: Context

  /// - Returns: nil when csrf is off.
  init?(_ ctx: Context) {
    guard let settings = ctx.app[SecurityKey.self]?.csrf else { return nil }
    self.settings = settings
    self.ctx = ctx
  }

  // MARK: the secret

  /// Nil when the visitor has none yet.
  var secret: String? {
    if settings.usesSession {
      let value = try? ctx.callNow("sessionGet", settings.sessionName)
      return value?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
    return newSecret ?? sentSecret
  }

  /// One that goes out with this answer.
  private var newSecret: String? {
    guard let name = settings.cookieNames.first else { return nil }
    let field = ctx.response.headers("set-cookie").last { $0.hasPrefix(name + "=") }
    guard let field else { return nil }
    let value = field.dropFirst(name.count + 1).prefix { $0 != ";" }
    return value.isEmpty ? nil : String(value)
  }

  private var sentSecret: String? {
    for name in settings.cookieNames {
      let signed = settings.cookie.signed ?? false
      guard let value = try? ctx.cookies.get(name, signed: signed, encrypt: false) else { continue }
      if !value.isEmpty { return value }
    }
    return nil
  }

  func ensureSecret() throws {
    if secret == nil { try renewSecret() }
  }

  /// After a login: what was known before is worth nothing. Once per request.
  func rotateSecret() throws {
    if settings.usesSession ? secret != nil : newSecret == nil && sentSecret != nil {
      try renewSecret()
    }
  }

  private func renewSecret() throws {
    let secret = try Self.randomText(18, ctx.app)
    if settings.usesSession {
      try ctx.callNow("sessionSet", settings.sessionName, secret)
    } else {
      for name in settings.cookieNames { try ctx.cookies.set(name, secret, settings.cookie) }
    }
  }

  static func randomText(_ count: Int, _ app: Application) throws -> String {
    String(
      decoding: Base64.encode(try app.crypto.random(count), url: true, padded: false),
      as: UTF8.self)
  }

  // MARK: tokens

  /// The secret with salt, so that it is another text on every page and compression tells nothing
  /// of it.
  func token() throws -> String {
    guard let secret else { return "" }
    return try Self.token(secret, salt: try Self.randomText(6, ctx.app), ctx.app)
  }

  static func token(_ secret: String, salt: String, _ app: Application) throws -> String {
    let digest = try app.crypto.digest("sha256", Array("\(salt)-\(secret)".utf8))
    return salt + "-"
      + String(decoding: Base64.encode(digest, url: true, padded: false), as: UTF8.self)
  }

  /// Whether a token is the secret or was made of it.
  private func accepts(_ token: String, _ secret: String) throws -> Bool {
    if ctx.app.crypto.equal(token, secret) { return true }
    // A salt is base64 of six bytes and may hold "-" itself.
    guard token.utf8.count > 9, token.utf8.count < 128 else { return false }
    let salt = String(decoding: token.utf8.prefix(8), as: UTF8.self)
    return ctx.app.crypto.equal(token, try Self.token(secret, salt: salt, ctx.app))
  }

  private var sentToken: String? {
    for name in settings.queryNames {
      if let token = ctx.query[name], !token.isEmpty { return token }
    }
    let body = ctx.request.body
    for name in settings.bodyNames {
      if let token = body[name].string, !token.isEmpty { return token }
    }
    for name in settings.headerNames {
      let token = ctx.get(name)
      if !token.isEmpty { return token }
    }
    return nil
  }

  // MARK: checks

  /// What the middleware does with a request.
  func check() throws {
    guard settings.isChecked(ctx) else { return }
    if settings.ignoresJSON, ctx.request.is("json", "+json") != nil { return }
    try assert()
  }

  /// - Throws: 403 that says what is missing or wrong.
  func assert() throws {
    guard settings.place.admits(ctx) else { return }
    let problem: String?
    switch settings.kind {
    case .ctoken: problem = try tokenProblem()
    case .referer: problem = refererProblem()
    case .all: problem = try tokenProblem() ?? refererProblem()
    case .any:
      if let first = try tokenProblem(), let second = refererProblem() {
        problem = "both ctoken and referer check error: \(first), \(second)"
      } else {
        problem = nil
      }
    }
    guard let problem else { return }
    if ctx.app.env == "local" {
      ctx.coreLogger.warn(
        "\(problem): forms need the field _csrf, scripts the header \(settings.headerNames.first ?? "");"
          + " see docs/plugins/security.md")
    }
    try ctx.throw(403, problem)
  }

  private func tokenProblem() throws -> String? {
    guard let secret else { return "missing csrf token" }
    if let token = sentToken, try accepts(token, secret) { return nil }
    if settings.rotates { try rotateSecret() }
    return "invalid csrf token"
  }

  private func refererProblem() -> String? {
    var referer = ctx.get("referer")
    if referer.isEmpty { referer = ctx.get("origin") }
    guard !referer.isEmpty else { return "missing csrf referer or origin" }
    guard let host = hostOf(referer, withPort: true) else {
      return "invalid csrf referer or origin"
    }
    if host == ctx.host.lowercased() { return nil }
    let isKnown =
      isSafeDomain(host, settings.refererWhiteList)
      || isSafeDomain(hostOf(referer) ?? "", settings.refererWhiteList)
    return isKnown ? nil : "invalid csrf referer or origin"
  }
}
