/// What belongs to one request: controllers, services, helpers, scheduled jobs.
///
/// The loader adds `service`, the unit's own services.
open class ContextObject {
  public let ctx: Context

  public required init(_ ctx: Context) { self.ctx = ctx }

  nonisolated deinit {}

  public var app: Application { ctx.app }
  public var config: Config { ctx.app.config }
  /// The request's log; lines begin with the type's name in brackets.
  public var logger: Logger { ctx.logger.prefixed("[\(type(of: self))]") }
}

/// Reads input, calls services, sets the answer. A new one for every call.
open class Controller: ContextObject {
  nonisolated deinit {}
}

/// Business logic. Made at the first look, one per request.
open class Service: ContextObject {
  nonisolated deinit {}
}

/// A job of `app/schedule`.
///
///     final class CleanUp: Subscription {
///       static let schedule = Schedule(interval: "1h", type: .worker)
///       func subscribe() async throws { … }
///     }
open class Subscription: ContextObject {
  nonisolated deinit {}
}

/// Functions for templates and controllers; add your own in `app/extend/helper.swift`.
public final class Helper: ContextObject {
  /// The path of a named route: `helper.pathFor("user", ["id": 1])`.
  public func pathFor(_ name: String, _ params: Value = [:]) -> String {
    app.router.url(name, params, ctx: ctx)
  }

  /// The url of a named route, with protocol and host.
  public func urlFor(_ name: String, _ params: Value = [:]) -> String {
    ctx.protocol + "://" + ctx.host + pathFor(name, params)
  }
}
