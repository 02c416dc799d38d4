import Egg

extension Context {
  /// A token for a form (`_csrf`) or a header (`x-csrf-token`); another text at every look. "" while
  /// the visitor has no secret, and when csrf is off.
  public var csrf: String { `extension`("csrf").string ?? "" }

  /// Makes a secret when the visitor has none; requests that are checked have one.
  ///
  /// - Throws: `EggError` when the plugin security is off.
  public func ensureCsrfSecret() throws { try security("ensureCsrfSecret") }

  /// Another secret from the next request on. For logins.
  public func rotateCsrfSecret() throws { try security("rotateCsrfSecret") }

  /// The check of the middleware, for a request that it leaves alone.
  ///
  /// - Throws: 403 that says what is missing or wrong.
  public func assertCsrf() throws { try security("assertCsrf") }

  /// For `<script nonce="…">`; another one for every request.
  public var nonce: String { `extension`("nonce").string ?? "" }

  /// Whether a host is one of `list`, without it one of `config.security.domainWhiteList`.
  ///
  /// - Throws: `EggError` when the plugin security is off.
  public func isSafeDomain(_ host: String, _ list: [String]? = nil) throws -> Bool {
    let answer =
      try list.map { try callNow("isSafeDomain", host, $0) } ?? callNow("isSafeDomain", host)
    return answer.bool ?? false
  }

  /// The header fields of this answer, other than configured:
  ///
  ///     ctx.securityOptions.xframe = ["enable": false]
  ///     ctx.securityOptions.csp = ["enable": true, "policy": ["script-src": "'self'"] as Value]
  public var securityOptions: SecurityOptions { SecurityOptions(ctx: self) }

  private func security(_ name: String) throws {
    do {
      try callNow(name)
    } catch let error as EggError where error.code == "EGG_NOT_FOUND" {
      throw EggError(
        code: error.code,
        "ctx.\(name) needs the plugin security; enable it in config/plugin.json")
    }
  }
}

/// What one request wants otherwise than `config.security` says: `hsts`, `noopen`, `nosniff`, `csp`,
/// `xssProtection`, `xframe`, `referrerPolicy`. Each is laid over its part of the configuration.
@dynamicMemberLookup
public struct SecurityOptions {
  let ctx: Context

  public subscript(dynamicMember name: String) -> Value {
    get { ctx.state.securityOptions[name] }
    nonmutating set {
      var options = ctx.state.securityOptions
      options[name] = newValue
      ctx.state.securityOptions = options
    }
  }
}

extension Application {
  /// Whether the server may send a request to an address that it found for a host, by
  /// `config.security.ssrf`.
  ///
  /// - Parameter address: numeric, IPv4 or IPv6.
  /// - Throws: `EggError` when the plugin security is off.
  public func isSafeAddress(_ address: String, hostname: String = "") async throws -> Bool {
    try await call("isSafeAddress", address, hostname).bool ?? false
  }
}
