internal import PluginABI

/// A middleware on a route: `app.middleware.gzip(["threshold": 1024])`.
public struct Handler: RouteArgument {
  enum Kind {
    case own(Middleware)
    case foreign(egg_handler)
    case refused(String)
  }

  let kind: Kind

  /// A middleware that is written on the spot.
  public init(_ middleware: @escaping Middleware) { kind = .own(middleware) }

  private init(kind: Kind) { self.kind = kind }

  /// A middleware of this unit with its options; what they do not fit is reported by the route.
  public static func middleware(
    _ name: String, _ options: Value, _ app: Application, _ factory: MiddlewareFactory
  ) -> Handler {
    do {
      return Handler(kind: .own(try factory.make(options, app)))
    } catch {
      return Handler(kind: .refused("middleware \"\(name)\": \(EggError(error).message)"))
    }
  }

  /// A middleware of another unit by its name.
  static func foreign(_ name: String, _ options: Value, _ app: Application) -> Handler {
    var handler = egg_handler()
    let host = app.host
    let status = name.withEggString { name in
      withEggValue(options) {
        host.table.pointee.make_middleware(host.table, name, $0, &handler)
      }
    }
    if status == Status.ok { return Handler(kind: .foreign(handler)) }
    return Handler(kind: .refused("middleware \"\(name)\": \(Status.text(status))"))
  }

  public var routePart: RoutePart { .handler(self) }
}

/// What the generated `app.middleware` conforms to.
@dynamicMemberLookup
@MainActor public protocol MiddlewareTree {
  var app: Application { get }
}

extension MiddlewareTree {
  /// A middleware of another unit: `app.middleware.gzip([:])`.
  public subscript(dynamicMember name: String) -> ForeignMiddleware {
    ForeignMiddleware(name: name, app: app)
  }
}

/// A middleware of another unit, still without options.
public struct ForeignMiddleware {
  let name: String
  let app: Application

  public func callAsFunction(_ options: Value = [:]) -> Handler {
    .foreign(name, options, app)
  }
}
