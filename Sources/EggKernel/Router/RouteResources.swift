/// One row of the RESTful table: a route that exists when the controller has the action.
package struct ResourceRow: Sendable, Hashable {
  package let action: String
  package let methods: RouteMethodSet
  package let path: String
  /// nil when no name was given and the row's name is a plain one.
  package let routeName: String?
}

/// The RESTful table of `resources`.
package enum RouteResources {
  private struct Rule {
    var methods: RouteMethodSet
    var suffix: String
    var action: String
    var namePrefix: String
    var isMember: Bool
  }

  /// `new` stands before `:id`, so that `/new` is not swallowed by `show`.
  private static let rules = [
    Rule(methods: .get, suffix: "", action: "index", namePrefix: "", isMember: false),
    Rule(methods: .get, suffix: "new", action: "new", namePrefix: "new_", isMember: true),
    Rule(methods: .post, suffix: "", action: "create", namePrefix: "", isMember: false),
    Rule(methods: .get, suffix: ":id", action: "show", namePrefix: "", isMember: true),
    Rule(methods: .get, suffix: ":id/edit", action: "edit", namePrefix: "edit_", isMember: true),
    Rule(methods: [.patch, .put], suffix: ":id", action: "update", namePrefix: "", isMember: true),
    Rule(
      methods: .delete, suffix: ":id", action: "destroy", namePrefix: "destroy_", isMember: true),
  ]

  /// The rows in registration order; the caller registers those whose action exists.
  ///
  /// - Parameters:
  ///   - name: collection rows get its plural, member rows its singular; nil or empty leaves `new_`,
  ///     `edit_` and `destroy_` alone, as Egg does. A controller given as text is the name.
  ///   - prefix: the path; a trailing slash is dropped.
  /// - Source: Egg, `Router.resources` and its REST map.
  package static func rows(name: String?, prefix: String) -> [ResourceRow] {
    let base = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
    return rules.map { rule in
      let stem = name.map { rule.isMember ? Inflector.singular($0) : Inflector.plural($0) } ?? ""
      let routeName = rule.namePrefix + stem
      let path = rule.suffix.isEmpty ? (base.isEmpty ? "/" : base) : "\(base)/\(rule.suffix)"
      return ResourceRow(
        action: rule.action, methods: rule.methods, path: path,
        routeName: routeName.isEmpty ? nil : routeName)
    }
  }
}

extension RouteTable {
  /// Registers the RESTful routes whose action exists.
  ///
  /// - Parameter handlers: the handlers of an action, nil when the controller does not have it.
  @discardableResult
  package func resources(
    name: String? = nil, _ prefix: String, origin: RouteOrigin = RouteOrigin(),
    handlers: (String) -> [Int]?
  ) throws(RouterError) -> [Route] {
    var added: [Route] = []
    for row in RouteResources.rows(name: name, prefix: prefix) {
      guard let handlers = handlers(row.action) else { continue }
      added.append(
        try register(
          name: row.routeName, methods: row.methods, .path(row.path), handlers: handlers,
          origin: origin))
    }
    return added
  }
}

extension RouteNamespace {
  /// As `RouteTable.resources`, below the prefix.
  @discardableResult
  package func resources(
    name: String? = nil, _ prefix: String, origin: RouteOrigin? = nil, handlers: (String) -> [Int]?
  ) throws(RouterError) -> [Route] {
    var added: [Route] = []
    for row in RouteResources.rows(name: name, prefix: prefix) {
      guard let handlers = handlers(row.action) else { continue }
      added.append(
        try register(
          name: row.routeName, methods: row.methods, .path(row.path), handlers: handlers,
          origin: origin))
    }
    return added
  }
}
