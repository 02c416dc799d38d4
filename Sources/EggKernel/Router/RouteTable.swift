/// The router's table: routes in the order of registration, and an index over their paths.
///
///     let table = RouteTable()
///     try table.register(name: "user", methods: .get, .path("/user/:id"), handlers: [7])
///     var result = MatchResult()
///     table.match(.get, path, into: &result)   // result.outcome == .route
///
/// Handlers are numbers; what they mean is the caller's. Not thread-safe: one loop owns a table.
/// - Source: Egg's `app.router` (koa-router over path-to-regexp 1.x), `sensitive: true`.
package final class RouteTable {
  package private(set) var routes: [Route] = []
  /// The methods a route names itself, and the common ones; any other is answered with 501.
  package private(set) var implemented: RouteMethodSet = .common

  private var firstByName: [String: Int] = [:]
  private var prefixes: [(owner: String?, text: String)] = []
  private var parameterHandlers: [(name: String, handler: Int, namespace: Int)] = []
  private var namespaceCount = 0
  var index: RouteIndex? {
    didSet {
      indexReference = index.map { .passUnretained($0) }
      memo = index.map { _ in RouteMemo() }
      memoReference = memo.map { .passUnretained($0) }
    }
  }
  private var memo: RouteMemo?
  /// Not counted either.
  private(set) var memoReference: Unmanaged<RouteMemo>?
  /// The index once more: on the request path it is not counted.
  private(set) var indexReference: Unmanaged<RouteIndex>?

  package init() {}

  // MARK: Registering

  /// Adds a route. `GET` brings `HEAD` with it.
  ///
  /// - Parameters:
  ///   - name: for `url`; several routes may share one, the first answers.
  ///   - methods: not empty; `.all` for every method.
  ///   - handlers: the caller's numbers, in the order in which they run.
  /// - Throws: `.pattern` for a malformed pattern, `.prefix` when a plugin leaves its declared prefix.
  @discardableResult
  package func register(
    name: String? = nil, methods: RouteMethodSet, _ pattern: RoutePattern, handlers: [Int],
    options: RouteOptions = RouteOptions(), origin: RouteOrigin = RouteOrigin()
  ) throws(RouterError) -> Route {
    try register(
      name: name, methods: methods, pattern, handlers: handlers, options: options, origin: origin,
      prefix: "", namespace: 0)
  }

  func register(
    name: String?, methods: RouteMethodSet, _ pattern: RoutePattern, handlers: [Int],
    options: RouteOptions, origin: RouteOrigin, prefix: String, namespace: Int
  ) throws(RouterError) -> Route {
    guard !methods.isDisjoint(with: .all) else {
      throw RouterError(
        .argument, "a route needs at least one method; a layer without methods is added by `use`",
        at: origin.place)
    }
    return try add(
      Declaration(
        name: name, methods: methods.intersection(.all), pattern: pattern, handlers: handlers,
        options: options, origin: origin, namespace: namespace, prefix: prefix))
  }

  /// Adds handlers that run only when a real route matches too, in registration order.
  ///
  /// - Parameter path: a pattern for the beginning of the path; nil for every path.
  @discardableResult
  package func use(
    _ path: String? = nil, handlers: [Int], options: RouteOptions = RouteOptions(end: false),
    origin: RouteOrigin = RouteOrigin()
  ) throws(RouterError) -> Route {
    try add(
      Declaration(
        methods: [], pattern: .path(path ?? ""), isPathless: path == nil, handlers: handlers,
        options: options, origin: origin))
  }

  /// Runs `handler` before the handlers of every route, existing or later, that has this parameter.
  /// Handlers run in the order of the parameters in the path.
  package func param(_ name: String, handler: Int) {
    param(name, handler: handler, namespace: 0)
  }

  func param(_ name: String, handler: Int, namespace: Int) {
    parameterHandlers.append((name, handler, namespace))
    for route in routes { refreshStack(route) }
  }

  /// Puts `text` before the pattern of every existing and later route. A trailing slash is dropped.
  ///
  /// - Parameter owner: only for this unit's routes; nil for all.
  /// - Throws: `.argument` without a leading slash, `.pattern` when a route cannot take the prefix;
  ///   nothing has changed then.
  package func prefix(_ text: String, owner: String? = nil) throws(RouterError) {
    let text = text.hasSuffix("/") ? String(text.dropLast()) : text
    guard text.isEmpty || text.hasPrefix("/") else {
      throw RouterError(.argument, "prefix \"\(text)\": a path such as \"/api\" is expected")
    }
    let affected = routes.filter { owner == nil || $0.origin.owner == owner }
    let before = affected.map(\.prefix)
    index = nil
    for route in affected {
      do throws(RouterError) { try route.setPrefix(text + route.prefix) } catch {
        // What compiled before compiles again.
        for (route, prefix) in zip(affected, before) { try route.setPrefix(prefix) }
        throw error
      }
    }
    prefixes.removeAll { $0.owner == owner }
    prefixes.append((owner, text))
    for route in affected { refreshStack(route) }
  }

  /// A part of the router whose routes begin with `prefix` and run `handlers` first. The same prefix
  /// may be used again.
  ///
  /// Differs from Egg: egg-router-plus asks only the longest matching namespace; here the routes of
  /// all namespaces are one list in registration order.
  /// - Throws: `.argument` for `/`, an empty prefix or one without a leading slash.
  package func namespace(
    _ prefix: String, handlers: [Int] = [], origin: RouteOrigin = RouteOrigin()
  ) throws(RouterError) -> RouteNamespace {
    guard prefix.hasPrefix("/"), prefix.utf8.contains(where: { $0 != RouteByte.slash }) else {
      throw RouterError(
        .argument, "namespace \"\(prefix)\": a path such as \"/admin\" is expected, not \"/\"",
        at: origin.place)
    }
    namespaceCount += 1
    let text = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
    return RouteNamespace(
      table: self, prefix: text, handlers: handlers, origin: origin, number: namespaceCount)
  }

  /// The first route with this name.
  package func route(named name: String) -> Route? { firstByName[name].map { routes[$0] } }

  // MARK: One way in

  struct Declaration {
    var name: String?
    var methods: RouteMethodSet
    var pattern: RoutePattern
    var isPathless = false
    var handlers: [Int]
    var options = RouteOptions()
    var origin: RouteOrigin
    var redirect: RouteRedirect?
    var namespace = 0
    /// What namespaces put before the pattern.
    var prefix = ""
    /// False when the pattern was taken from another route and holds the prefixes already.
    var takesPrefixes = true
  }

  @discardableResult
  func add(_ declaration: Declaration) throws(RouterError) -> Route {
    let origin = declaration.origin
    var methods = declaration.methods
    if methods.contains(.get) { methods.insert(.head) }
    if let allowed = origin.allowedPrefix {
      try checkPrefix(allowed, declaration)
    }
    let prefix = declaration.takesPrefixes ? commonPrefix(of: origin.owner) : ""
    let route = try Route(
      index: routes.count, name: declaration.name, methods: methods,
      pattern: declaration.pattern, isPathless: declaration.isPathless,
      prefix: prefix + declaration.prefix, handlers: declaration.handlers,
      options: declaration.options, origin: origin, redirect: declaration.redirect,
      namespace: declaration.namespace)
    routes.append(route)
    refreshStack(route)
    if methods != .all { implemented.formUnion(methods) }
    if let name = route.name, !name.isEmpty, firstByName[name] == nil {
      firstByName[name] = route.index
    }
    index = nil
    return route
  }

  private func commonPrefix(of owner: String) -> String {
    let general = prefixes.first { $0.owner == nil }?.text ?? ""
    let own = prefixes.first { $0.owner == owner }?.text ?? ""
    return general + own
  }

  private func refreshStack(_ route: Route) {
    var steps: [RouteStep] = []
    for (position, name) in route.parameterNames.enumerated()
    where !parameterHandlers.isEmpty && route.parameterNames.firstIndex(of: name) == position {
      for entry in parameterHandlers
      where entry.name == name && (entry.namespace == 0 || entry.namespace == route.namespace) {
        steps.append(RouteStep(handler: entry.handler, parameter: position))
      }
    }
    route.stack = steps + route.handlers.map { RouteStep(handler: $0, parameter: nil) }
  }

  /// - Throws: `.prefix` unless every path that the declaration can match lies under `allowed`.
  private func checkPrefix(_ allowed: String, _ declaration: Declaration) throws(RouterError) {
    var wanted = allowed
    while wanted.hasSuffix("/") { wanted.removeLast() }
    guard !wanted.isEmpty else { return }
    let shown: String
    let begins: Bool
    switch declaration.pattern {
    case .path(let text):
      shown =
        declaration.isPathless && declaration.prefix.isEmpty
        ? "a layer without a path" : "\"\(declaration.prefix)\(text)\""
      begins = try PathPattern(declaration.prefix + text).staysBelow(wanted)
    case .regex(let source, let flags):
      shown = "/\(source)/\(flags)"
      begins = try PathPattern(declaration.prefix).staysBelow(wanted)
    }
    guard begins else {
      throw RouterError(
        .prefix,
        "\(shown) of \"\(declaration.origin.owner)\" is not below \"\(wanted)\", the prefix that its"
          + " manifest declares; move the route below it, or declare another prefix",
        at: declaration.origin.place)
    }
  }
}

extension PathPattern {
  /// True when every matching path is `prefix` itself or continues it with a `/`.
  func staysBelow(_ prefix: String) -> Bool {
    guard case .literal(let bytes)? = tokens.first else { return false }
    let wanted = Array(prefix.utf8)
    guard bytes.starts(with: wanted) else { return false }
    if bytes.count > wanted.count { return bytes[wanted.count] == RouteByte.slash }
    guard tokens.count > 1 else { return true }
    guard case .parameter(let parameter) = tokens[1] else { return false }
    return parameter.prefix == RouteByte.slash
  }
}
