import Egg

/// `config.cors`
struct CorsSettings {
  private enum Origins {
    /// Those of `security.domainWhiteList`, or all.
    case safe
    case any
    case listed([String])
  }

  private let origins: Origins
  private let methods: String?
  private let headers: String?
  private let exposed: String?
  private let maxAge: Int?
  private let credentials: Bool
  let keepsHeadersOnError: Bool

  /// - Throws: `EggError` that names the key which does not fit.
  init(_ options: Value) throws {
    let origin = options.origin
    switch origin {
    case .undefined, .null, .text(""): origins = .safe
    case .text("*"): origins = .any
    default:
      let list = origin.string.map { [$0] } ?? origin.array?.compactMap(\.string)
      guard let list, list.count == origin.array?.count ?? 1 else {
        throw EggError(
          code: "EGG_CONFIG",
          "config.cors.origin: expected an origin, a list of origins or \"*\", found \(origin.json)"
        )
      }
      origins = list.contains("*") ? .any : .listed(list)
    }
    methods = try Self.list(options.allowMethods, "allowMethods")
    headers = try Self.list(options.allowHeaders, "allowHeaders")
    exposed = try Self.list(options.exposeHeaders, "exposeHeaders")
    maxAge = options.maxAge.int ?? options.maxAge.string.flatMap { Int($0) }
    credentials = options.credentials.isTruthy
    keepsHeadersOnError = options.keepHeadersOnError.bool != false
  }

  private static func list(_ value: Value, _ name: String) throws -> String? {
    if !value.exists { return nil }
    let text = value.string ?? value.array?.compactMap(\.string).joined(separator: ",")
    guard let text else {
      throw EggError(
        code: "EGG_CONFIG",
        "config.cors.\(name): expected text with commas or a list, found \(value.kindName)")
    }
    return text.isEmpty ? nil : text
  }

  /// What stands in `Access-Control-Allow-Origin`; nil when the origin is not allowed.
  func allowed(_ origin: String, _ ctx: Context) -> String? {
    switch origins {
    case .any: return credentials ? origin : "*"
    case .listed(let list): return list.contains(origin) ? origin : nil
    case .safe:
      guard ctx.app.config.security.exists else { return origin }
      guard let host = Self.host(of: origin) else { return nil }
      let isSafe = (try? ctx.callNow("isSafeDomain", host))?.bool == true
      return isSafe ? origin : nil
    }
  }

  /// Of `https://host:port`, which is all that an origin is.
  private static func host(of origin: String) -> String? {
    var rest = origin[...]
    for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
      let host = rest.prefix { $0 != ":" }
      let isPlain = rest.allSatisfy { $0.isASCII && !"/?#@\\ ".contains($0) }
      return host.isEmpty || !isPlain ? nil : String(host)
    }
    return nil
  }

  func fields(_ origin: String) -> [(String, String)] {
    var fields = [("Access-Control-Allow-Origin", origin)]
    if credentials { fields.append(("Access-Control-Allow-Credentials", "true")) }
    if let exposed { fields.append(("Access-Control-Expose-Headers", exposed)) }
    return fields
  }

  func preflightFields(_ origin: String, _ ctx: Context) -> [(String, String)] {
    var fields = [("Access-Control-Allow-Origin", origin)]
    if credentials { fields.append(("Access-Control-Allow-Credentials", "true")) }
    if let maxAge { fields.append(("Access-Control-Max-Age", "\(maxAge)")) }
    if let methods { fields.append(("Access-Control-Allow-Methods", methods)) }
    let asked = ctx.get("access-control-request-headers")
    if let headers = headers ?? (asked.isEmpty ? nil : asked) {
      fields.append(("Access-Control-Allow-Headers", headers))
    }
    return fields
  }
}
