import EggHTTPSemantics
import PluginABI

/// The innermost layer: every route that matches, one handler after another.
extension Context {
  /// The next handler of the routes that match, or nil when there is none left.
  func nextRouteHandler() -> (egg_handler, Unit)? {
    let routes = worker.routes
    if !hasRouted {
      hasRouted = true
      routes.match(self)
      routeCursor = -1
      routeHandler = 0
    }
    while routeCursor < match.layers.count {
      if routeCursor >= 0 {
        let table = routes.table.routes[Int(match.layers[routeCursor].route)]
        if routeHandler < table.stack.count {
          let step = table.stack[routeHandler]
          routeHandler &+= 1
          return (routes.handlers[step.handler].handler, routes.handlers[step.handler].unit)
        }
      }
      routeCursor &+= 1
      routeHandler = 0
      guard routeCursor < match.layers.count else { break }
      let index = Int(match.layers[routeCursor].route)
      let table = routes.table.routes[index]
      route = routes.records[index]
      if let redirect = table.redirect {
        routes.follow(redirect, on: self)
        return nil
      }
    }
    return nil
  }

  /// Parameters of all layers up to the one that runs.
  func parameter(_ name: String) -> String? {
    guard hasRouted, routeCursor >= 0, !match.layers.isEmpty else { return nil }
    let upTo = min(routeCursor, match.layers.count - 1)
    guard let capture = worker.routes.table.param(name, in: match, upToLayer: upTo) else {
      return nil
    }
    return capture.decoded(in: head.path.bytes(in: base))
  }

  func parameters() -> [(name: String, value: String)] {
    guard hasRouted, routeCursor >= 0, !match.layers.isEmpty else { return [] }
    let upTo = min(routeCursor, match.layers.count - 1)
    var found: [(name: String, value: String)] = []
    let path = head.path.bytes(in: base)
    worker.routes.table.forEachParam(match, upToLayer: upTo) { name, capture in
      guard let value = capture.decoded(in: path) else { return }
      if let index = found.firstIndex(where: { $0.name == name }) {
        found[index].value = value
      } else {
        found.append((name, value))
      }
    }
    return found
  }
}

/// The worker's routes and what runs them.
final class Routes {
  let table = RouteTable()
  private(set) var records: [RouteRecord] = []
  private(set) var handlers: [(handler: egg_handler, unit: Unit)] = []
  /// Answer 405 and `OPTIONS` from the routes; off gives Egg's 404.
  var answersMethodNotAllowed = true

  func addHandler(_ handler: egg_handler, unit: Unit) -> Int {
    handlers.append((handler, unit))
    return handlers.count - 1
  }

  /// Keeps `records` in step with `table.routes`, whatever registration added.
  func record(controller: String, unit: Unit) {
    while records.count < table.routes.count {
      let route = table.routes[records.count]
      records.append(
        RouteRecord(
          name: route.name ?? "", pattern: route.path, controller: controller, unit: unit))
    }
  }

  func match(_ context: Context) {
    let path = context.head.path.bytes(in: context.base)
    let method: RouteMethod? =
      switch context.head.method {
      case .get: .get
      case .head: .head
      case .post: .post
      case .put: .put
      case .delete: .delete
      case .patch: .patch
      case .options: .options
      default: RouteMethod(name: context.head.methodName.string(in: context.base))
      }
    table.match(method, path, into: &context.match)
    guard answersMethodNotAllowed else { return }
    switch context.match.outcome {
    case .route, .notFound: return
    case .methodNotAllowed: refuse(context, status: 405)
    case .notImplemented: refuse(context, status: 501)
    case .options:
      refuse(context, status: 200)
      context.body.kind = egg_body_kind(EGG_BODY_TEXT)
    }
    context.match.layers.removeAll(keepingCapacity: true)
  }

  private func refuse(_ context: Context, status: Int32) {
    context.status = status
    context.isStatusSet = true
    var allow = context.match.allowed.allowHeader
    guard !allow.isEmpty else { return }
    _ = allow.withUTF8 { context.responseHead.set("Allow", $0) }
  }

  /// `router.redirect`: Location, then the status, for every method.
  func follow(_ redirect: RouteRedirect, on context: Context) {
    context.status = Int32(redirect.status)
    context.isStatusSet = true
    var target = redirect.location
    if !target.hasPrefix("/"), !target.contains("://") {
      target = (try? table.url(target)) ?? ""
    }
    _ = target.withUTF8 { context.responseHead.set("Location", $0) }
    let text = context.text("Redirecting to \(target).")
    context.body.release()
    context.body.kind = egg_body_kind(EGG_BODY_TEXT)
    context.body.bytes = text.bytes
  }
}
