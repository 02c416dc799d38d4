/// Which origins may read the answers, and the header fields that say so.
///
/// - Source: Fetch, section 3.2 (CORS protocol).
package struct CorsRules: Sendable {
  package enum Origins: Sendable {
    /// Whatever `isSafe` says of the host.
    case safe
    case any
    case listed([String])
  }

  package var origins = Origins.safe
  /// With commas, as the fields have them; nil leaves the field out.
  package var methods: String?
  package var headers: String?
  package var exposed: String?
  /// Seconds.
  package var maxAge: Int?
  package var credentials = false

  package init() {}

  /// What stands in `Access-Control-Allow-Origin`; nil when the origin is not allowed.
  ///
  /// - Parameter isSafe: of a host; nil allows every origin that asks.
  package func allowed(_ origin: String, isSafe: ((String) -> Bool)?) -> String? {
    switch origins {
    case .any: return credentials ? origin : "*"
    case .listed(let list): return list.contains(origin) ? origin : nil
    case .safe:
      guard let isSafe else { return origin }
      return Self.host(of: origin).map(isSafe) == true ? origin : nil
    }
  }

  /// Of `https://host:port`, which is all that an origin is; nil for anything else.
  package static func host(of origin: String) -> String? {
    for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
      let rest = origin.dropFirst(scheme.count)
      guard rest.allSatisfy({ $0.isASCII && !"/?#@\\ ".contains($0) }) else { return nil }
      let host = rest.prefix { $0 != ":" }
      return host.isEmpty ? nil : String(host)
    }
    return nil
  }

  package func fields(_ origin: String) -> [(String, String)] {
    var fields = [("Access-Control-Allow-Origin", origin)]
    if credentials { fields.append(("Access-Control-Allow-Credentials", "true")) }
    if let exposed { fields.append(("Access-Control-Expose-Headers", exposed)) }
    return fields
  }

  /// - Parameter asked: `Access-Control-Request-Headers`.
  package func preflightFields(_ origin: String, asked: String) -> [(String, String)] {
    var fields = [("Access-Control-Allow-Origin", origin)]
    if credentials { fields.append(("Access-Control-Allow-Credentials", "true")) }
    if let maxAge { fields.append(("Access-Control-Max-Age", "\(maxAge)")) }
    if let methods { fields.append(("Access-Control-Allow-Methods", methods)) }
    if let headers = headers ?? (asked.isEmpty ? nil : asked) {
      fields.append(("Access-Control-Allow-Headers", headers))
    }
    return fields
  }

  /// `Vary` with `Origin` in it.
  package static func vary(_ other: String?) -> String {
    guard let other, !other.isEmpty else { return "Origin" }
    return other + ", Origin"
  }
}
