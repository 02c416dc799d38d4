/// A part of a router: its routes begin with one prefix and run its handlers first.
///
///     let admin = try table.namespace("/admin", handlers: [checkAdmin])
///     try admin.register(methods: .get, .path("/users"), handlers: [list])   // GET /admin/users
///
/// - Source: egg-router-plus, `router.namespace(prefix, ...middleware)`.
package struct RouteNamespace {
  package let table: RouteTable
  package let prefix: String
  package let handlers: [Int]
  package let origin: RouteOrigin
  let number: Int

  /// As `RouteTable.register`, below the prefix.
  @discardableResult
  package func register(
    name: String? = nil, methods: RouteMethodSet, _ pattern: RoutePattern, handlers: [Int],
    options: RouteOptions = RouteOptions(), origin: RouteOrigin? = nil
  ) throws(RouterError) -> Route {
    try table.register(
      name: name, methods: methods, pattern, handlers: self.handlers + handlers, options: options,
      origin: origin ?? self.origin, prefix: prefix, namespace: number)
  }

  /// As `RouteTable.use`, below the prefix.
  @discardableResult
  package func use(
    _ path: String? = nil, handlers: [Int], options: RouteOptions = RouteOptions(end: false),
    origin: RouteOrigin? = nil
  ) throws(RouterError) -> Route {
    try table.add(
      .init(
        methods: [], pattern: .path(path ?? ""), isPathless: path == nil,
        handlers: self.handlers + handlers, options: options, origin: origin ?? self.origin,
        namespace: number, prefix: prefix))
  }

  /// As `RouteTable.param`, for the routes of this namespace only.
  package func param(_ name: String, handler: Int) {
    table.param(name, handler: handler, namespace: number)
  }

  /// As `RouteTable.redirect`, with `source` below the prefix.
  @discardableResult
  package func redirect(
    _ source: String, _ destination: String, status: Int = 301, origin: RouteOrigin? = nil
  ) throws(RouterError) -> Route {
    try table.redirect(
      source, destination, status: status, origin: origin ?? self.origin, prefix: prefix,
      namespace: number)
  }

  /// A namespace inside this one.
  package func namespace(
    _ prefix: String, handlers: [Int] = [], origin: RouteOrigin? = nil
  ) throws(RouterError) -> RouteNamespace {
    let inner = try table.namespace(
      prefix, handlers: self.handlers + handlers, origin: origin ?? self.origin)
    return RouteNamespace(
      table: table, prefix: self.prefix + inner.prefix, handlers: inner.handlers,
      origin: inner.origin, number: inner.number)
  }
}
