import CorsEngine
import Egg

/// `config.cors`
struct CorsSettings {
  private(set) var rules = CorsRules()
  let keepsHeadersOnError: Bool

  /// - Throws: `EggError` that names the key which does not fit.
  init(_ options: Value) throws {
    let origin = options.origin
    switch origin {
    case .undefined, .null, .text(""): rules.origins = .safe
    case .text("*"): rules.origins = .any
    default:
      let list = origin.string.map { [$0] } ?? origin.array?.compactMap(\.string)
      guard let list, list.count == origin.array?.count ?? 1 else {
        throw EggError(
          code: "EGG_CONFIG",
          "config.cors.origin: expected an origin, a list of origins or \"*\", found \(origin.json)"
        )
      }
      rules.origins = list.contains("*") ? .any : .listed(list)
    }
    rules.methods = try Self.list(options.allowMethods, "allowMethods")
    rules.headers = try Self.list(options.allowHeaders, "allowHeaders")
    rules.exposed = try Self.list(options.exposeHeaders, "exposeHeaders")
    rules.maxAge = options.maxAge.int ?? options.maxAge.string.flatMap { Int($0) }
    rules.credentials = options.credentials.isTruthy
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
    guard ctx.app.config.security.exists else { return rules.allowed(origin, isSafe: nil) }
    return rules.allowed(origin) { (try? ctx.callNow("isSafeDomain", $0))?.bool == true }
  }
}
