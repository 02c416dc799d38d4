internal import EggHTTPSemantics

/// The cookies of a request and its answer.
///
///     ctx.cookies.get("session")                 // signed, checked
///     try ctx.cookies.set("theme", "dark", .init(maxAge: .seconds(3600), signed: false))
///
/// A signed cookie has a second one beside it, `NAME.sig`. Keys come from `config.keys`; the first
/// signs, all of them check.
public final class Cookies {
  private let ctx: Context

  init(_ ctx: Context) { self.ctx = ctx }

  /// The value of a cookie; nil when it is absent, or when its signature or encryption is wrong.
  ///
  /// - Parameters:
  ///   - signed: check `NAME.sig`. False for cookies that scripts of the page set.
  ///   - encrypt: the value is encrypted, and then not signed.
  /// - Throws: `EggError` when keys are needed and `config.keys` is missing.
  public func get(_ name: String, signed: Bool? = nil, encrypt: Bool? = nil) throws -> String? {
    let encrypted = encrypt ?? defaults.encrypt.bool ?? false
    let checked = !encrypted && (signed ?? defaults.signed.bool ?? true)
    guard let value = sent(name) else { return nil }
    if encrypted { return try decrypted(value) }
    if checked { return try verified(name, value) }
    return value
  }

  /// What the client sent, unchecked.
  private func sent(_ name: String) -> String? {
    guard let header = ctx.request.header("cookie") else { return nil }
    return EggHTTPSemantics.cookie(named: name, in: header)
  }

  private func decrypted(_ value: String) throws -> String? {
    guard let data = Base64.decode(value.utf8) else { return nil }
    for key in try ctx.app.keys {
      if let clear = try CookieCrypto.decrypt(data, key, ctx.kernel),
        let text = String(validating: clear, as: UTF8.self)
      {
        return text
      }
    }
    return nil
  }

  private func verified(_ name: String, _ value: String) throws -> String? {
    guard let signature = sent(name + ".sig") else { return nil }
    let text = "\(name)=\(value)"
    for (place, key) in try ctx.app.keys.enumerated() {
      let expected = try CookieCrypto.signature(text, key, ctx.kernel)
      guard CookieCrypto.equal(expected, signature, ctx.kernel) else { continue }
      if place > 0 {
        let first = try CookieCrypto.signature(text, try ctx.app.keys[0], ctx.kernel)
        try write(name + ".sig", first, resigning)
      }
      return value
    }
    try set(name + ".sig", nil, CookieOptions(path: "/", signed: false))
    return nil
  }

  private var resigning: CookieOptions { CookieOptions(signed: false, overwrite: true) }

  /// Sets a cookie; nil or "" deletes it.
  ///
  /// - Throws: `EggError` for `secure` on a connection that is not, for a name or value that is
  ///   not allowed, and when keys are needed and `config.keys` is missing.
  public func set(_ name: String, _ value: String?, _ options: CookieOptions = CookieOptions())
    throws
  {
    let options = options.filled(from: defaults)
    var value = value ?? ""
    if options.encrypt == true, !value.isEmpty {
      let data = try CookieCrypto.encrypt(Array(value.utf8), try ctx.app.keys[0], ctx.kernel)
      value = String(decoding: Base64.encode(data, url: true), as: UTF8.self)
    }
    try write(name, value, options)
    guard options.encrypt != true, options.signed != false else { return }
    let signature =
      value.isEmpty
      ? "" : try CookieCrypto.signature("\(name)=\(value)", try ctx.app.keys[0], ctx.kernel)
    try write(name + ".sig", signature, options)
  }

  private func write(_ name: String, _ value: String, _ options: CookieOptions) throws {
    if options.secure == true, !ctx.secure {
      throw EggError("Cannot send secure cookie over unencrypted connection")
    }
    if name.utf8.count + value.utf8.count > 4093 {
      ctx.app.emit("cookieLimitExceed", ["name": name, "value": value], ctx: ctx)
      ctx.coreLogger.error(
        "CookieLimitExceedError: cookie \(name)'s length(\(name.utf8.count + value.utf8.count)) "
          + "exceed the limit(4093)")
    }
    var cookie = SetCookie(name: name, value: value)
    cookie.path = options.path ?? "/"
    cookie.domain = options.domain
    cookie.httpOnly = options.httpOnly ?? true
    cookie.secure = options.secure ?? ctx.secure
    cookie.partitioned = options.partitioned ?? false
    cookie.priority = options.priority.flatMap { .init(rawValue: $0.rawValue) }
    cookie.sameSite = options.sameSite.flatMap { .init(rawValue: $0.rawValue) }
    if cookie.sameSite == SetCookie.SameSite.none,
      !cookie.secure || SameSiteNone.isMisunderstood(by: ctx.get("user-agent"))
    {
      cookie.sameSite = nil
    }
    if value.isEmpty {
      cookie.expires = HTTPDate(unixSeconds: 0)
    } else if let age = options.maxAge?.milliseconds, age != 0 {
      cookie.maxAge = Int((Double(age) / 1000).rounded())
      cookie.expires = HTTPDate(unixSeconds: (Timestamp.now.milliseconds &+ age) / 1000)
    } else if let expires = options.expires {
      cookie.expires = HTTPDate(unixSeconds: expires.milliseconds / 1000)
    }
    do {
      let header = try cookie.headerValue()
      if options.overwrite == true { removeEarlier(name) }
      ctx.append("Set-Cookie", header)
    } catch {
      throw EggError(error.description)
    }
  }

  private func removeEarlier(_ name: String) {
    let present = ctx.response.headers("set-cookie")
    let others = present.filter { !$0.hasPrefix(name + "=") }
    if others.count != present.count { ctx.set("Set-Cookie", others) }
  }

  private var defaults: Value { ctx.app.config.cookies }
}

/// How a cookie is set. What is nil comes from `config.cookies`, then from Egg's defaults.
public struct CookieOptions {
  public enum SameSite: String, Sendable { case strict, lax, none }
  public enum Priority: String, Sendable { case low, medium, high }

  /// "/"
  public var path: String?
  public var domain: String?
  /// Zero counts as not set; wins over `expires`.
  public var maxAge: Duration?
  /// Nil: when the browser ends.
  public var expires: Timestamp?
  /// As the connection is. True on a plain one is an error.
  public var secure: Bool?
  /// True.
  public var httpOnly: Bool?
  /// Take earlier cookies of this name off the answer. False.
  public var overwrite: Bool?
  /// True.
  public var signed: Bool?
  /// False. True turns signing off.
  public var encrypt: Bool?
  public var sameSite: SameSite?
  public var priority: Priority?
  public var partitioned: Bool?

  public init(
    path: String? = nil, domain: String? = nil, maxAge: Duration? = nil,
    expires: Timestamp? = nil, secure: Bool? = nil, httpOnly: Bool? = nil, signed: Bool? = nil,
    encrypt: Bool? = nil, overwrite: Bool? = nil, sameSite: SameSite? = nil,
    priority: Priority? = nil, partitioned: Bool? = nil
  ) {
    self.path = path
    self.domain = domain
    self.maxAge = maxAge
    self.expires = expires
    self.secure = secure
    self.httpOnly = httpOnly
    self.signed = signed
    self.encrypt = encrypt
    self.overwrite = overwrite
    self.sameSite = sameSite
    self.priority = priority
    self.partitioned = partitioned
  }

  fileprivate func filled(from defaults: Value) -> CookieOptions {
    var options = self
    options.path = path ?? defaults.path.string
    options.domain = domain ?? defaults.domain.string
    options.maxAge = maxAge ?? defaults.maxAge.int.map { .milliseconds($0) }
    options.secure = secure ?? defaults.secure.bool
    options.httpOnly = httpOnly ?? defaults.httpOnly.bool
    options.overwrite = overwrite ?? defaults.overwrite.bool
    options.signed = signed ?? defaults.signed.bool
    options.encrypt = encrypt ?? defaults.encrypt.bool
    options.sameSite =
      sameSite ?? defaults.sameSite.string.flatMap { SameSite(rawValue: $0.lowercased()) }
    options.priority =
      priority ?? defaults.priority.string.flatMap { Priority(rawValue: $0.lowercased()) }
    options.partitioned = partitioned ?? defaults.partitioned.bool
    return options
  }
}

/// Browsers that take `SameSite=None` for `Strict` or drop the cookie.
///
/// - Source: the Chromium project's list of incompatible clients.
nonisolated enum SameSiteNone {
  static func isMisunderstood(by agent: String) -> Bool {
    if agent.contains("iP"), agent.contains("OS 12_"), agent.contains("AppleWebKit") { return true }
    if agent.contains("Macintosh"), agent.contains("Mac OS X 10_14_") {
      let isSafari = agent.contains("Version/") && agent.contains("Safari/")
      let isEmbedded = agent.hasSuffix("(KHTML, like Gecko)")
      if isSafari && !agent.contains("Chrom") || isEmbedded { return true }
    }
    if agent.contains("UCBrowser/") {
      return version(after: "UCBrowser/", in: agent).lexicographicallyPrecedes([12, 13, 2])
    }
    for name in ["Chrome/", "Chromium/"] where agent.contains(name) {
      return (51...66).contains(version(after: name, in: agent).first ?? 0)
    }
    return false
  }

  private static func version(after name: String, in agent: String) -> [Int] {
    var rest = Substring(agent)
    while !rest.isEmpty, !rest.hasPrefix(name) { rest.removeFirst() }
    return rest.dropFirst(name.count).prefix { $0.isNumber || $0 == "." }
      .split(separator: ".").map { Int($0) ?? 0 }
  }
}

extension Context {
  /// Cookies of the request and the answer.
  public var cookies: Cookies {
    if let known = lazyIfAny?.cookies { return known }
    let cookies = Cookies(core ?? self)
    if isAbandoned { return cookies }
    lazy.cookies = cookies
    return cookies
  }
}
