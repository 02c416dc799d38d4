/// What a route ends in: a controller's method and its name, `app.controller.user.info`.
public struct Action: RouteArgument {
  /// "admin.user.info"
  public let name: String
  @usableFromInline let layer: Layer

  var shortName: String { name.split(separator: ".").last.map(String.init) ?? name }

  // Inlinable: where the class is known, its method is called directly.

  /// A method of a controller class; each call gets a new object.
  @inlinable public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () throws -> R
  ) {
    self.name = name
    layer = .action { _ = try method(C($0))() }
  }

  @inlinable public init<C: Controller>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () async throws -> Void
  ) {
    self.name = name
    layer = .asyncMethod { method(C($0)) }
  }

  @inlinable public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () async throws -> R
  ) {
    self.name = name
    layer = .asyncAction { _ = try await method(C($0))() }
  }

  @inlinable public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor (Context) throws -> R
  ) {
    self.name = name
    layer = .action { _ = try method(C($0))($0) }
  }

  @inlinable public init<C: Controller, R>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor (Context) async throws -> R
  ) {
    self.name = name
    layer = .asyncAction { _ = try await method(C($0))($0) }
  }

  // The same whose result somebody may ask for, `run`.

  @inlinable public init<C: Controller, R: Encodable>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () throws -> R
  ) {
    self.name = name
    layer = .action { ActionResult.keep(try method(C($0))(), $0) }
  }

  @inlinable public init<C: Controller, R: Encodable>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor () async throws -> R
  ) {
    self.name = name
    layer = .asyncAction { ActionResult.keep(try await method(C($0))(), $0) }
  }

  @inlinable public init<C: Controller, R: Encodable>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor (Context) throws -> R
  ) {
    self.name = name
    layer = .action { ActionResult.keep(try method(C($0))($0), $0) }
  }

  @inlinable public init<C: Controller, R: Encodable>(
    _ name: String, _ method: @escaping @MainActor (C) -> @MainActor (Context) async throws -> R
  ) {
    self.name = name
    layer = .asyncAction { ActionResult.keep(try await method(C($0))($0), $0) }
  }

  public init<R: Encodable>(_ name: String, _ function: @escaping @MainActor (Context) throws -> R)
  {
    self.name = name
    layer = .action { ActionResult.keep(try function($0), $0) }
  }

  public init<R: Encodable>(
    _ name: String, _ function: @escaping @MainActor (Context) async throws -> R
  ) {
    self.name = name
    layer = .asyncAction { ActionResult.keep(try await function($0), $0) }
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
  ///
  /// - Returns: what it returned, if that is `Encodable`.
  @discardableResult
  public func run(_ ctx: Context) async throws -> Value {
    let result = ActionResult()
    let outer = ctx[ActionResult.Key.self]
    ctx[ActionResult.Key.self] = result
    defer { ctx[ActionResult.Key.self] = outer }
    try await Run.inside(Chain(ctx.unit, [layer]), ctx, below: nil)
    return result.value
  }

  /// The action as an object that other units can hold, `io.of("/").route("exchange", action)`.
  public func exported() throws -> Value { try .returning(ControllerExport([self])) }

  public var routePart: RoutePart { .action(self) }
}

/// What an action has returned, when somebody asks: routes of HTTP do not.
@usableFromInline final class ActionResult {
  enum Key: StorageKey { typealias Value = ActionResult }

  var value = Value.undefined

  @usableFromInline static func keep(_ result: some Encodable, _ ctx: Context) {
    if let wanted = ctx[Key.self] { wanted.value = Value(result) }
  }
}

/// A controller, seen as the list of its actions.
@MainActor public protocol ControllerActions: RouteArgument {
  var actions: [Action] { get }
}

extension ControllerActions {
  public var routePart: RoutePart { .controller(actions) }
}
