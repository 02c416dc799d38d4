/// What may stand between the parentheses of `router.get(…)`: a name, a path, a list of paths, a
/// `RegexPath`, middlewares, and an action, a controller or its name as text.
@MainActor public protocol RouteArgument {
  var routePart: RoutePart { get }
}

/// An argument, by what it is.
public enum RoutePart {
  case text(String)
  case paths([String])
  case regex(String)
  case handler(Handler)
  case action(Action)
  case controller([Action])
}

extension String: RouteArgument {
  public var routePart: RoutePart { .text(self) }
}

extension Array: RouteArgument where Element == String {
  public var routePart: RoutePart { .paths(self) }
}

/// A path given by a regular expression; groups are `ctx.params[0]`, `[1]` …
public struct RegexPath: RouteArgument {
  let pattern: String

  /// - Parameter pattern: for the whole path: `^/post/(\d+)$`.
  public init(_ pattern: String) { self.pattern = pattern }

  public var routePart: RoutePart { .regex(pattern) }
}

/// A route as it was written, taken apart.
struct RouteForm {
  enum Path: Equatable {
    case pattern(String)
    case regex(String)
  }

  var name = ""
  var paths: [Path] = []
  var handlers: [Handler] = []
  var action: Action?
  var controller: [Action]?

  /// Tells the arguments apart.
  ///
  /// | first | second | meaning |
  /// |---|---|---|
  /// | text with "/" in front, regex, list | text | path; the text is controller and name |
  /// | text with "/" in front, regex, list | anything | path |
  /// | other text | text, regex, list | name, then path |
  /// | other text | anything | path without "/" in front |
  ///
  /// - Parameter find: an action by its text, "user.info".
  /// - Throws: `EggError` that says which argument was expected.
  /// - Source: Egg's router, `resolveController` and `spliteAndResolveRouterParams`.
  init(_ arguments: [any RouteArgument], find: (String) -> Action?) throws {
    var rest = arguments.map(\.routePart)[...]
    guard let first = rest.popFirst() else { throw EggError("a path is missing") }
    switch (first, rest.first) {
    case (.text(let text), .text?) where !text.hasPrefix("/"),
      (.text(let text), .paths?) where !text.hasPrefix("/"),
      (.text(let text), .regex?) where !text.hasPrefix("/"):
      name = text
      paths = try Self.paths(rest.removeFirst())
    default:
      paths = try Self.paths(first)
      if case .text(let text)? = rest.first, rest.count == 1 { name = text }
    }
    try readHandlers(&rest, find)
  }

  private static func paths(_ part: RoutePart) throws -> [Path] {
    switch part {
    case .text(let text): return [.pattern(text)]
    case .regex(let text): return [.regex(text)]
    case .paths(let all) where !all.isEmpty: return all.map { .pattern($0) }
    case .paths: throw EggError("the list of paths is empty")
    default: throw EggError("a path was expected first, or a name and a path")
    }
  }

  private mutating func readHandlers(
    _ rest: inout ArraySlice<RoutePart>, _ find: (String) -> Action?
  ) throws {
    while let part = rest.popFirst() {
      switch part {
      case .handler(let handler):
        if case .refused(let why) = handler.kind { throw EggError(why) }
        handlers.append(handler)
      case .action(let found):
        guard rest.isEmpty else { throw EggError("the controller has to be the last argument") }
        action = found
      case .controller(let actions):
        guard rest.isEmpty else { throw EggError("the controller has to be the last argument") }
        controller = actions
      case .text(let text):
        guard rest.isEmpty else {
          throw EggError("\"\(text)\" is neither the name nor the last argument")
        }
        try readText(text, find)
      case .paths, .regex:
        throw EggError("a path was not expected here")
      }
    }
  }

  private mutating func readText(_ text: String, _ find: (String) -> Action?) throws {
    if text.isEmpty { throw EggError("controller not exists") }
    if let found = find(text) {
      action = found
    } else {
      controllerText = text
    }
  }

  /// Text that names no action: a controller's name (resources) or a mistake.
  var controllerText: String?
}
