/// What a route ends in: a controller's method and its name, `app.controller.user.info`.
public struct Action: RouteArgument {
  /// "admin.user.info"
  public let name: String
  let layer: Layer

  var shortName: String { name.split(separator: ".").last.map(String.init) ?? name }

  /// A method of a controller class; each call gets a new object.
  public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () throws -> R
  ) {
    self.name = name
    layer = .action { _ = try method(C($0))() }
  }

  public init<C: Controller>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () async throws -> Void
  ) {
    self.name = name
    layer = .asyncMethod { method(C($0)) }
  }

  public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () async throws -> R
  ) {
    self.name = name
    layer = .asyncAction { _ = try await method(C($0))() }
  }

  public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor (Context) throws -> R
  ) {
    self.name = name
    layer = .action { _ = try method(C($0))($0) }
  }

  public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor (Context) async throws -> R
  ) {
    self.name = name
    layer = .asyncAction { _ = try await method(C($0))($0) }
  }

  /// A function.
  public init<R>(_ name: String, _ function: @escaping @MainActor (Context) throws -> R) {
    self.name = name
    layer = .action { _ = try function($0) }
  }

  public init<R>(_ name: String, _ function: @escaping @MainActor (Context) async throws -> R) {
    self.name = name
    layer = .asyncAction { _ = try await function($0) }
  }

  /// A function that may go on with the next route that matches.
  public init<R>(_ name: String, _ function: @escaping @MainActor (Context, Next) async throws -> R)
  {
    self.name = name
    layer = .middleware { _ = try await function($0, $1) }
  }

  /// Runs it for a context, outside of a route.
  @discardableResult
  public func run(_ ctx: Context) async throws -> Value {
    try await Run.inside(Chain(ctx.unit, [layer]), ctx, below: nil)
    return .undefined
  }

  /// The action as an object that other units can hold, `io.of("/").route("exchange", action)`.
  public func exported() throws -> Value { try .returning(ControllerExport([self])) }

  public var routePart: RoutePart { .action(self) }
}

/// A controller, seen as the list of its actions.
@MainActor public protocol ControllerActions: RouteArgument {
  var actions: [Action] { get }
}

extension ControllerActions {
  public var routePart: RoutePart { .controller(actions) }
}
