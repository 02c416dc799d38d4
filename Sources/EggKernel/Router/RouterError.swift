/// A refusal while routes are registered or a URL is built. The text names the route and the way out.
///
///     EGG_ROUTE_PATTERN app/router.swift:12: GET "/user/:id(": unclosed "(" at position 9; …
package struct RouterError: Error, Sendable, Equatable, CustomStringConvertible {
  package struct Code: Hashable, Sendable {
    package let name: String
    private init(_ name: String) { self.name = name }

    /// A path pattern or a regular expression is malformed or not supported.
    package static let pattern = Code("EGG_ROUTE_PATTERN")
    /// A plugin's route lies outside the prefix that its manifest declares.
    package static let prefix = Code("EGG_ROUTE_PREFIX")
    /// No route has the name that was asked for.
    package static let name = Code("EGG_ROUTE_NAME")
    /// The arguments of a registration cannot be understood.
    package static let argument = Code("EGG_ROUTE_ARGUMENT")
  }

  package let code: Code
  package let message: String
  /// Where the route was declared, as `file:line`; nil when the caller did not say.
  package let place: String?

  package init(_ code: Code, _ message: String, at place: String? = nil) {
    self.code = code
    self.message = message
    self.place = place
  }

  package var description: String {
    if let place { return "\(code.name) \(place): \(message)" }
    return "\(code.name) \(message)"
  }
}
