internal import PluginABI

/// The routes of this unit.
///
///     app.router.get("/user/:id", app.controller.user.info)
///     app.router.get("user", "/user/:id", app.middleware.auth(), app.controller.user.info)
///     app.router.get("/ping") { ctx in ctx.body = "pong" }
///
/// A mistake in the arguments stops the start with a message that names file and line.
public final class Router: RouteRegistering {
  let unit: Unit
  /// Put before every path; handlers before every action. Both are empty for the main router.
  private let prefix: String
  private let handlers: [Handler]

  init(_ unit: Unit, prefix: String = "", handlers: [Handler] = []) {
    self.unit = unit
    self.prefix = prefix
    self.handlers = handlers
  }

  private var host: Host { unit.host }
  public var routes: Router { self }

  /// The routes below a path, with middlewares of their own.
  public func namespace(
    _ prefix: String, _ handlers: Handler..., file: StaticString = #fileID, line: UInt = #line
  ) -> Router {
    guard prefix.hasPrefix("/"), prefix != "/" else {
      refuse(
        "namespace", prefix, "the prefix begins with \"/\" and has something after it", file, line)
      return self
    }
    return Router(
      unit, prefix: self.prefix + prefix.withoutLastSlash, handlers: self.handlers + handlers)
  }

  /// The path of a named route: `url("user", ["id": 1])`; "" when the name is unknown.
  public func url(_ name: String, _ params: Value = [:], ctx: Context? = nil) -> String {
    var out = egg_str()
    let call = ctx?.token ?? noCall
    let status = name.withEggString { name in
      withEggValue(params) { host.router.pointee.url(host.table, call, name, $0, &out) }
    }
    return status == Status.ok ? out.string : ""
  }

  // MARK: adding

  /// What every verb comes down to.
  func add(
    _ methods: String, _ arguments: [any RouteArgument], _ last: Layer?, flags: Int, verb: String,
    file: StaticString, line: UInt
  ) {
    let unit = unit
    do {
      let form = try RouteForm(arguments) { unit.actions[$0] }
      if let text = form.controllerText {
        throw EggError("app.controller.\(text) not exists")
      }
      if form.controller != nil {
        throw EggError("an action of the controller was expected, such as controller.index")
      }
      let ending = last ?? form.action?.layer
      guard ending != nil || !(form.handlers.isEmpty && handlers.isEmpty) else {
        throw EggError("a controller or a closure is missing")
      }
      let chain = Self.fuse(unit, handlers + form.handlers, ending)
      for path in form.paths {
        try add(form, methods, path, chain, flags: flags, file: file, line: line)
      }
    } catch {
      refuse(verb, arguments.first.map { "\($0)" } ?? "", EggError(error).message, file, line)
    }
  }

  private func add(
    _ form: RouteForm, _ methods: String, _ path: RouteForm.Path, _ chain: [egg_handler],
    flags: Int, file: StaticString, line: UInt
  ) throws {
    var flags = flags
    let text: String
    switch path {
    case .pattern(let pattern): text = full(pattern)
    case .regex(let pattern):
      text = pattern
      flags |= EGG_ROUTE_REGEX
    }
    let memory = ValueMemory()
    var route = egg_route()
    route.size = UInt32(MemoryLayout<egg_route>.size)
    route.flags = UInt32(flags)
    route.name = memory.text(form.name)
    route.methods = memory.text(methods)
    route.path = memory.text(text)
    route.file = memory.text("\(file)")
    route.line = UInt32(clamping: line)
    route.controller = memory.text(form.action?.name ?? "")
    route.handler_count = UInt32(chain.count)
    var message = egg_str()
    let status = withExtendedLifetime(memory) {
      chain.withUnsafeBufferPointer { handlers in
        route.handlers = handlers.baseAddress
        return host.router.pointee.add_route(host.table, &route, &message)
      }
    }
    try check(status, message)
  }

  /// The seven routes of a resource.
  @discardableResult
  public func resources(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Router {
    addResources(arguments, file: file, line: line)
    return self
  }

  func addResources(_ arguments: [any RouteArgument], file: StaticString, line: UInt) {
    let unit = unit
    do {
      let form = try RouteForm(arguments) { _ in nil }
      let actions = try form.controller ?? found(form.controllerText)
      let before = Self.fuse(unit, handlers + form.handlers, nil)
      for path in form.paths {
        guard case .pattern(let pattern) = path else {
          throw EggError("resources need a plain path")
        }
        try add(form.name, full(pattern).withoutLastSlash, before, actions, file, line)
      }
    } catch {
      refuse(
        "resources", arguments.first.map { "\($0)" } ?? "", EggError(error).message, file, line)
    }
  }

  /// The actions of a controller by its text: "posts" are those named "posts.index" …
  private func found(_ text: String?) throws -> [Action] {
    guard let text else { throw EggError("a controller is missing") }
    let found = unit.actions.values.filter {
      $0.name.hasPrefix(text + ".")
        && $0.name.utf8.count == text.utf8.count + 1 + $0.shortName.utf8.count
    }
    if found.isEmpty { throw EggError("app.controller.\(text) not exists") }
    return Array(found)
  }

  private func add(
    _ name: String, _ prefix: String, _ before: [egg_handler], _ actions: [Action],
    _ file: StaticString, _ line: UInt
  ) throws {
    let memory = ValueMemory()
    var route = egg_route()
    route.size = UInt32(MemoryLayout<egg_route>.size)
    route.name = memory.text(name)
    route.path = memory.text(prefix)
    route.file = memory.text("\(file)")
    route.line = UInt32(clamping: line)
    route.handler_count = UInt32(before.count)
    let known = ["index", "new", "create", "show", "edit", "update", "destroy"]
    let rows = actions.filter { known.contains($0.shortName) }.map { action in
      var row = egg_resource_action()
      row.size = UInt32(MemoryLayout<egg_resource_action>.size)
      row.action = memory.text(action.shortName)
      row.handler = Chain(unit, [action.layer]).handler
      let place = memory.allocate(MemoryLayout<egg_resource_action>.stride)
        .bindMemory(to: egg_resource_action.self, capacity: 1)
      place.initialize(to: row)
      return UnsafePointer(place)
    }
    if rows.isEmpty {
      throw EggError("the controller has none of \(known.joined(separator: ", "))")
    }
    var message = egg_str()
    let status = withExtendedLifetime(memory) {
      before.withUnsafeBufferPointer { handlers in
        route.handlers = handlers.baseAddress
        return rows.withUnsafeBufferPointer { rows in
          host.router.pointee.add_resources(
            host.table, &route, rows.baseAddress!, UInt32(rows.count), &message)
        }
      }
    }
    try check(status, message)
  }

  /// Redirects every method; either side may be a route's name.
  @discardableResult
  public func redirect(
    _ source: String, _ destination: String, _ status: Int = 301,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Router {
    var message = egg_str()
    let from = source.hasPrefix("/") ? full(source) : source
    let refusal = withEggStrings(from, destination) {
      host.router.pointee.add_redirect(host.table, $0, $1, Int32(clamping: status), &message)
    }
    do { try check(refusal, message) } catch {
      refuse("redirect", source, EggError(error).message, file, line)
    }
    return self
  }

  /// Runs before the handlers of every route that has this parameter.
  @discardableResult
  public func param(
    _ name: String, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @MainActor (String, Context, Next) async throws -> Void
  ) -> Router {
    let chain = Chain(
      unit, [.middleware { ctx, next in try await body(ctx.params[name], ctx, next) }])
    let status = name.withEggString {
      host.router.pointee.add_param(host.table, $0, chain.handler)
    }
    if status != Status.ok { refuse("param", name, Status.text(status), file, line) }
    return self
  }

  /// Put before the paths of all routes of this unit, also of those that are there already.
  @discardableResult
  public func prefix(_ text: String, file: StaticString = #fileID, line: UInt = #line) -> Router {
    let status = text.withoutLastSlash.withEggString {
      host.router.pointee.set_prefix(host.table, $0)
    }
    if status != Status.ok { refuse("prefix", text, Status.text(status), file, line) }
    return self
  }

  // MARK: parts

  private func full(_ path: String) -> String {
    prefix.isEmpty
      ? path : path == "/" ? prefix : prefix + (path.hasPrefix("/") ? path : "/" + path)
  }

  /// Neighbours of this unit become one handler.
  private static func fuse(_ unit: Unit, _ handlers: [Handler], _ last: Layer?) -> [egg_handler] {
    var result: [egg_handler] = []
    var own: [Layer] = []
    func close() {
      if !own.isEmpty { result.append(Chain(unit, own).handler) }
      own = []
    }
    for handler in handlers {
      switch handler.kind {
      case .own(let middleware): own.append(.middleware(middleware))
      case .foreign(let foreign):
        close()
        result.append(foreign)
      case .refused: break
      }
    }
    if let last { own.append(last) }
    close()
    return result
  }

  private func check(_ status: egg_status, _ message: egg_str) throws {
    guard status != Status.ok else { return }
    throw EggError(message.len > 0 ? message.string : Status.text(status))
  }

  private func refuse(
    _ verb: String, _ first: String, _ why: String, _ file: StaticString, _ line: UInt
  ) {
    let text = "\(file):\(line): router.\(verb)(\"\(first)\"): \(why)"
    unit.problems.append(EggError(code: "EGG_ROUTE", text))
  }
}

nonisolated extension String {
  var withoutLastSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
