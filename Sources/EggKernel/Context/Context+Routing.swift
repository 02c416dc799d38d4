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
        let steps = routes.plans[Int(match.layers[routeCursor].route)].steps
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
      let plan = routes.plans[index]
      route = plan.record
      note.pointee.route = plan.pattern.baseAddress
      note.pointee.routeLength = plan.pattern.count
      if let redirect = routes.redirect(of: index) {
        routes.follow(redirect, on: self)
        return nil
      }
    }
    return nil
  }

  /// Parameters of all layers up to the one that runs.
  func parameter(_ name: egg_str) -> egg_str? {
    guard hasRouted, routeCursor >= 0, !match.layers.isEmpty else { return nil }
    let upTo = min(routeCursor, match.layers.count - 1)
    guard let capture = worker.routes.table.param(name.bytes, in: match, upToLayer: upTo),
      let range = capture.range
    else { return nil }
    let path = routePath
    let bytes = UnsafeBufferPointer(rebasing: path[range])
    // Mostly nothing is to be decoded, and the path itself is the answer.
    if bytes.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "%") }) { return egg_str(bytes) }
    return capture.decoded(in: path).map { text($0) }
  }

  /// What the router looks at.
  var routePath: UnsafeBufferPointer<UInt8> {
    otherRoutePath.len > 0 ? otherRoutePath.bytes : head.path.bytes(in: base)
  }

  /// What a group of the running layer's pattern caught, not decoded; empty when it took no part, nil
  /// when there is no such group.
  func capture(at index: Int) -> egg_str? {
    guard hasRouted, routeCursor >= 0, !match.layers.isEmpty else { return nil }
    let own = match.captures(ofLayer: min(routeCursor, match.layers.count - 1))
    guard index < own.count else { return nil }
    guard let range = own[own.startIndex + index].range else { return egg_str("") }
    return egg_str(UnsafeBufferPointer(rebasing: routePath[range]))
  }

  func parameters() -> [(name: String, value: String)] {
    guard hasRouted, routeCursor >= 0, !match.layers.isEmpty else { return [] }
    let upTo = min(routeCursor, match.layers.count - 1)
    var found: [(name: String, value: String)] = []
    let path = routePath
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
  /// What a request needs of a route.
  struct Plan {
    let steps: UnsafeBufferPointer<Step>
    let record: Unmanaged<RouteRecord>
    let pattern: UnsafeBufferPointer<UInt8>
  }

  /// What runs for each route of `table`, in plain memory; made by `prepare`.
  private(set) var plans = UnsafeBufferPointer<Plan>(start: nil, count: 0)
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
    let all = UnsafeMutableBufferPointer<Plan>.allocate(capacity: table.routes.count)
    for (index, route) in table.routes.enumerated() {
      let own = UnsafeMutableBufferPointer<Step>.allocate(capacity: route.stack.count)
      _ = own.initialize(from: route.stack.map { handlers[$0.handler] })
      let record = records[index]
      all.initializeElement(
        at: index,
        to: Plan(
          steps: UnsafeBufferPointer(own), record: .passUnretained(record),
          pattern: record.patternText.value.bytes))
      hasRedirects = hasRedirects || route.redirect != nil
    }
    plans = UnsafeBufferPointer(all)
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
    let path = context.routePath
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
