/// One line of `run/router.json`.
package struct RouteDump: Sendable, Hashable {
  package var name: String?
  /// `HEAD` before `GET`; empty for a `use` layer.
  package var methods: [String]
  package var paramNames: [String]
  package var path: String
  /// As JavaScript prints it, for example `/^\/user\/((?:[^\/]+?))(?:\/(?=$))?$/`.
  package var regexp: String
  /// The handlers' numbers, `param` handlers first.
  package var stack: [Int]
  /// The unit that declared it.
  package var owner: String
  /// `file:line`, when known.
  package var source: String?
  package var redirect: RouteRedirect?
}

extension RouteTable {
  /// All routes in registration order, for `run/router.json` and `egg inspect`.
  package func dump() -> [RouteDump] {
    routes.map { route in
      RouteDump(
        name: route.name, methods: route.methods.names, paramNames: route.parameterNames,
        path: route.path, regexp: route.regexp, stack: route.stack.map(\.handler),
        owner: route.origin.owner, source: route.origin.place, redirect: route.redirect)
    }
  }
}
