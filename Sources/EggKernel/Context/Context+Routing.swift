import EggHTTPSemantics
import PluginABI

/// The innermost layer: every route that matches, one handler after another.
extension Context {
  /// The next handler of the routes that match, or nil when there is none left.
  func nextRouteHandler() -> (egg_handler, Unmanaged<Unit>)? {
    let routes = worker.routes
    if !hasRouted {
      hasRouted = true
      routes.match(self)
      routeCursor = -1
      routeHandler = 0
    }
    while routeCursor < match.layers.count {
      if routeCursor >= 0 {
        let steps = routes.steps[Int(match.layers[routeCursor].route)]
        if routeHandler < steps.count {
          let step = steps[routeHandler]
          routeHandler &+= 1
          return (step.handler, step.unit)
        }
      }
      routeCursor &+= 1
      routeHandler = 0
      guard routeCursor < match.layers.count else { break }
      let index = Int(match.layers[routeCursor].route)
      let record = routes.records[index]
      route = record
      note.pointee.route = record.patternText.value.bytes.baseAddress
      note.pointee.routeLength = record.patternText.value.len
      if let redirect = routes.redirect(of: index) {
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
  struct Step {
    let handler: egg_handler
    let unit: Unmanaged<Unit>
  }

  private var handlers: [Step] = []
  /// What runs for each route of `table`, in plain memory; made by `prepare`.
  private(set) var steps = UnsafeBufferPointer<UnsafeBufferPointer<Step>>(start: nil, count: 0)
  private var hasRedirects = false
  /// Answer 405 and `OPTIONS` from the routes; off gives Egg's 404.
  var answersMethodNotAllowed = true

  func addHandler(_ handler: egg_handler, unit: Unit) -> Int {
    handlers.append(Step(handler: handler, unit: .passUnretained(unit)))
    return handlers.count - 1
  }

  /// Ends registration: from here on routes are only walked.
  func prepare() {
    table.prepare()
    let all = UnsafeMutableBufferPointer<UnsafeBufferPointer<Step>>.allocate(
      capacity: table.routes.count)
    for (index, route) in table.routes.enumerated() {
      let own = UnsafeMutableBufferPointer<Step>.allocate(capacity: route.stack.count)
      _ = own.initialize(from: route.stack.map { handlers[$0.handler] })
      all.initializeElement(at: index, to: UnsafeBufferPointer(own))
      hasRedirects = hasRedirects || route.redirect != nil
    }
    steps = UnsafeBufferPointer(all)
  }

  func redirect(of index: Int) -> RouteRedirect? {
    hasRedirects ? table.routes[index].redirect : nil
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
