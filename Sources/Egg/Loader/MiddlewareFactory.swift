/// One layer of the onion.
///
///     func responseTime(_ options: Value, _ app: Application) -> Middleware {
///       return { ctx, next in
///         let start = app.loop.now
///         try await next()
///         ctx.set("X-Response-Time", "\(app.loop.now - start)")
///       }
///     }
public typealias Middleware = @MainActor (Context, Next) async throws -> Void

/// How a middleware is made from its options: the function of `app/middleware/NAME.swift`.
public struct MiddlewareFactory {
  let make: @MainActor (Value, Application) throws -> Middleware

  public init<Options: Decodable>(
    _ make: @escaping @MainActor (Options, Application) throws -> Middleware
  ) {
    self.make = { try make(Self.options($0), $1) }
  }

  public init<Options: Decodable>(_ make: @escaping @MainActor (Options) throws -> Middleware) {
    self.make = { options, _ in try make(Self.options(options)) }
  }

  public init(_ make: @escaping @MainActor (Application) throws -> Middleware) {
    self.make = { try make($1) }
  }

  public init(_ make: @escaping @MainActor () throws -> Middleware) {
    self.make = { _, _ in try make() }
  }

  /// Absent options are an empty object, so that a type whose members are optional decodes.
  private static func options<Options: Decodable>(_ value: Value) throws -> Options {
    try (value.exists ? value : [:]).decode(Options.self)
  }
}
