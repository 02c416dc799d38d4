/// Parameters for a URL: names with one or more values, in order.
package typealias RouteParameters = [(String, [String])]

extension RouteTable {
  /// The URL of a named route.
  ///
  ///     table.url("edit_post", [("id", ["1"]), ("tags", ["a", "b"])])
  ///     // "/api/posts/1/edit?tags=a&tags=b"
  ///
  /// A `:key` with a value is replaced by the first value, encoded; without one it is left as it is.
  /// What remains becomes the query.
  ///
  /// Differs from Egg: a replaced parameter takes its own pattern and modifier with it
  /// (`/user/:id(\\d+)` gives `/user/1`, Egg leaves `/user/1(\\d+)`).
  /// - Parameter query: always goes to the query, after the remaining parameters.
  /// - Returns: "" for a name that no route has.
  /// - Throws: `.pattern` when the name belongs to a regular expression.
  /// - Source: Egg, `Router.url` and `pathFor`.
  package func url(
    _ name: String, _ params: RouteParameters = [], query: RouteParameters = []
  ) throws(RouterError) -> String {
    guard let route = route(named: name) else { return "" }
    guard let pattern = route.parsed else {
      throw RouterError(
        .pattern, "no URL for \"\(name)\": its route is the regular expression \(route.path)",
        at: route.origin.place)
    }
    var used: Set<String> = []
    var url = ""
    for token in pattern.tokens {
      switch token {
      case .literal(let bytes): url += String(decoding: bytes, as: UTF8.self)
      case .parameter(let parameter):
        if let prefix = parameter.prefix { url.unicodeScalars.append(UnicodeScalar(prefix)) }
        if parameter.written.hasPrefix(":"),
          let entry = params.last(where: { $0.0 == parameter.name })
        {
          used.insert(parameter.name)
          url += URIComponent.encode(entry.1.first ?? "undefined")
        } else {
          url += parameter.written
        }
      }
    }
    var pairs: [String] = []
    for (key, values) in params where !used.contains(key) { Self.append(key, values, to: &pairs) }
    for (key, values) in query { Self.append(key, values, to: &pairs) }
    guard !pairs.isEmpty else { return url }
    return url + (url.contains("?") ? "&" : "?") + pairs.joined(separator: "&")
  }

  private static func append(_ key: String, _ values: [String], to pairs: inout [String]) {
    for value in values {
      pairs.append("\(URIComponent.encode(key))=\(URIComponent.encode(value))")
    }
  }

  /// Answers every method on `source` with a redirect.
  ///
  /// - Parameters:
  ///   - source: a path pattern, or the name of a route.
  ///   - destination: a path, the name of a route, or an address with a scheme.
  ///   - status: 300 to 399.
  /// - Throws: `.name` for an unknown name. Differs from Egg, where it silently becomes the empty path.
  @discardableResult
  package func redirect(
    _ source: String, _ destination: String, status: Int = 301, origin: RouteOrigin = RouteOrigin()
  ) throws(RouterError) -> Route {
    try redirect(source, destination, status: status, origin: origin, prefix: "", namespace: 0)
  }

  func redirect(
    _ source: String, _ destination: String, status: Int, origin: RouteOrigin, prefix: String,
    namespace: Int
  ) throws(RouterError) -> Route {
    guard (300...399).contains(status) else {
      throw RouterError(
        .argument, "redirect \"\(source)\": status \(status) is not between 300 and 399",
        at: origin.place)
    }
    guard !destination.utf8.contains(where: { $0 < 32 || $0 == 127 }) else {
      throw RouterError(
        .argument, "redirect \"\(source)\": a control character in the destination",
        at: origin.place)
    }
    let sourceIsPath = source.hasPrefix("/")
    let from = sourceIsPath ? source : try redirectPath(source, origin)
    let to =
      destination.hasPrefix("/") || destination.contains("://")
      ? destination : try redirectPath(destination, origin)
    return try add(
      Declaration(
        methods: .all, pattern: .path(from), handlers: [], origin: origin,
        redirect: RouteRedirect(location: to, status: status), namespace: namespace,
        prefix: sourceIsPath ? prefix : "", takesPrefixes: sourceIsPath))
  }

  private func redirectPath(_ name: String, _ origin: RouteOrigin) throws(RouterError) -> String {
    let path = try url(name)
    guard !path.isEmpty else {
      throw RouterError(
        .name,
        "redirect: no route is named \"\(name)\" yet; register it first, or write a path that"
          + " begins with \"/\"", at: origin.place)
    }
    return path
  }
}
