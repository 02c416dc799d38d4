/// One argument of a registration such as `router.get(…)`.
package enum RouteArgument: Sendable, Hashable {
  case string(String)
  case regex(String, flags: String = "")
  case list([RouteArgument])
  /// A controller action or a middleware.
  case handler
}

/// What the first two arguments of a registration mean.
///
/// | first | second | meaning |
/// | --- | --- | --- |
/// | text with `/` first, expression, list | anything | path; a text second is controller and name |
/// | other text | text, expression, list | name, path |
/// | other text | handler | path without a leading slash |
///
/// - Source: Egg, the argument forms of `router.verb`.
package struct RouteArguments: Sendable, Hashable {
  package var name: String?
  /// One route is registered for each.
  package var patterns: [RoutePattern]
  /// The controller's name, when the second argument is one.
  package var controller: String?
  /// How many arguments are used up (1 or 2); the handlers follow.
  package var used: Int

  /// - Parameter second: nil when there is only one argument.
  /// - Throws: `.argument`, naming what was expected.
  package static func interpret(
    first: RouteArgument, second: RouteArgument?, origin: RouteOrigin = RouteOrigin()
  ) throws(RouterError) -> RouteArguments {
    guard let second else {
      throw refusal("only one argument; a path and a controller are expected", origin)
    }
    switch (first, second) {
    case (.handler, _):
      throw refusal("the first argument is a handler; a path or a name is expected", origin)
    case (.string(let text), _) where !text.hasPrefix("/"):
      switch second {
      case .handler:
        return RouteArguments(patterns: [.path(text)], used: 1)
      case .string, .regex, .list:
        return RouteArguments(name: text, patterns: try patterns(second, origin), used: 2)
      }
    case (_, .string(let controller)):
      guard !controller.isEmpty else { throw refusal("controller not exists", origin) }
      return RouteArguments(
        name: controller, patterns: try patterns(first, origin), controller: controller, used: 2)
    default:
      return RouteArguments(patterns: try patterns(first, origin), used: 1)
    }
  }

  private static func patterns(
    _ argument: RouteArgument, _ origin: RouteOrigin
  ) throws(RouterError) -> [RoutePattern] {
    switch argument {
    case .string(let text): return [.path(text)]
    case .regex(let source, let flags): return [.regex(source, flags: flags)]
    case .handler: throw refusal("a handler where a path is expected", origin)
    case .list(let items):
      guard !items.isEmpty else { throw refusal("an empty list of paths", origin) }
      var result: [RoutePattern] = []
      for item in items { result += try patterns(item, origin) }
      return result
    }
  }

  private static func refusal(_ message: String, _ origin: RouteOrigin) -> RouterError {
    RouterError(.argument, message, at: origin.place)
  }
}
