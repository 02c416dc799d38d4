import Egg

/// One header field that protects the answer.
struct HeaderRule {
  static let all = [
    "hsts", "noopen", "nosniff", "csp", "xssProtection", "xframe", "referrerPolicy",
  ]

  let name: String
  let options: Value
  let isOn: Bool
  let place: PathFilter
  /// What never changes from request to request; nil for `csp`.
  let constant: (field: String, value: String)?

  /// - Throws: `EggError` for a value that no browser knows.
  init(_ name: String, _ options: Value, isOn: Bool, _ app: Application) throws {
    self.name = name
    self.options = options
    self.isOn = isOn
    place = try PathFilter(options, "security.\(name)", app)
    constant = try Self.constant(name, options)
    if name == "csp", options.policy.object == nil {
      throw EggError(
        code: "EGG_CONFIG",
        "config.security.csp.policy: expected an object, found \(options.policy.kindName)")
    }
  }

  private static func constant(_ name: String, _ options: Value) throws -> (String, String)? {
    switch name {
    case "hsts":
      let below = options.includeSubdomains.isTruthy ? "; includeSubdomains" : ""
      return ("Strict-Transport-Security", "max-age=\(options.maxAge.int ?? 31_536_000)\(below)")
    case "noopen": return ("X-Download-Options", "noopen")
    case "nosniff": return ("X-Content-Type-Options", "nosniff")
    case "xssProtection": return ("X-XSS-Protection", options.value.string ?? "1; mode=block")
    case "xframe": return ("X-Frame-Options", options.value.string ?? "SAMEORIGIN")
    case "referrerPolicy":
      let value = options.value.string ?? "no-referrer-when-downgrade"
      guard referrerPolicies.contains(value) else {
        throw EggError(
          code: "EGG_CONFIG",
          "security.referrerPolicy.value: expected one of"
            + " \(referrerPolicies.joined(separator: ", ")), found \"\(value)\"")
      }
      return ("Referrer-Policy", value)
    default: return nil
    }
  }

  /// - Source: Referrer Policy, W3C, section 3.
  private static let referrerPolicies = [
    "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
    "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url",
  ]

  // MARK: the slow way, with what a request wants otherwise

  /// - Parameter changed: of `ctx.securityOptions`; laid over the configuration.
  func apply(_ ctx: Context, _ changed: Value) throws {
    guard place.admits(ctx) else { return }
    var field = constant
    var options = options
    var isOn = isOn
    if changed.bool == false { return }
    if let changes = changed.object {
      var merged = options.object ?? ValueMap()
      merged.merge(changes)
      options = .map(merged)
      isOn = changes["enable"]?.bool ?? isOn
      field = try Self.constant(name, options)
    }
    guard isOn else { return }
    if name == "nosniff", Self.redirects(ctx.status) { return }
    if let field { return ctx.set(field.0, field.1) }
    ctx.set(contentPolicyField(ctx, options), contentPolicy(ctx, options.policy))
  }

  nonisolated static func redirects(_ status: Int) -> Bool {
    switch status {
    case 301, 302, 303, 307, 308: true
    default: false
    }
  }

  private func contentPolicyField(_ ctx: Context, _ options: Value) -> String {
    let isOld = options.supportIE.isTruthy && ctx.get("user-agent").contains("MSIE")
    let name = isOld ? "X-Content-Security-Policy" : "Content-Security-Policy"
    return options.reportOnly.isTruthy ? name + "-Report-Only" : name
  }

  /// `script-src 'self' 'nonce-…';img-src *`
  private func contentPolicy(_ ctx: Context, _ policy: Value) -> String {
    (policy.object ?? ValueMap()).compactMap { name, value in
      // `true` is a directive without sources, `false` one that another file has set.
      if value.bool == false || value.isNull { return nil }
      var sources = value.array?.compactMap(\.string) ?? value.string.map { [$0] } ?? []
      if name == "script-src", !sources.contains(where: { $0.contains("nonce-") }) {
        sources.append("'nonce-\(ctx.nonce)'")
      }
      return ([name] + sources).joined(separator: " ")
    }.joined(separator: ";")
  }
}
