import PluginABI

/// `egg.router/1`.
enum RouterFunctions {
  static var table: egg_router {
    egg_router(
      size: UInt32(MemoryLayout<egg_router>.size), flags: 0, add_route: addRoute,
      add_resources: addResources, add_redirect: addRedirect, add_param: addParam,
      set_prefix: setPrefix, url: url)
  }

  private static func phaseRefusal(
    _ unit: Unit, _ message: UnsafeMutablePointer<egg_str>?
  ) -> egg_status? {
    guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "add_route") }
    guard !unit.worker.isBooted else {
      return unit.refuse(
        Status.phase, "routes are added in EGG_PHASE_LOAD; the application serves already", message)
    }
    return nil
  }

  private static func origin(_ unit: Unit, _ file: egg_str, _ line: UInt32) -> RouteOrigin {
    RouteOrigin(
      owner: unit.name,
      allowedPrefix: unit.kind == .plugin ? (unit.manifest?.routePrefix ?? "") : nil,
      file: file.len > 0 ? file.string : nil, line: Int(line))
  }

  /// A plugin without a declared prefix adds no routes.
  private static func mayRoute(_ unit: Unit, _ message: UnsafeMutablePointer<egg_str>?)
    -> egg_status?
  {
    if unit.kind == .plugin, unit.manifest?.routePrefix == nil {
      return unit.refuse(
        Status.undeclared,
        "plugin \"\(unit.name)\" adds routes but declares no prefix for them; add \"routes\": {\"prefix\": \"/…\"} to its manifest",
        message)
    }
    return nil
  }

  private static func methods(_ text: egg_str) -> RouteMethodSet? {
    let text = text.string
    if text == "*" { return .all }
    var set: RouteMethodSet = []
    for name in text.split(separator: ",") {
      guard let method = RouteMethod(name: String(name).trimmingBlanks.uppercased()) else {
        return nil
      }
      set.insert(RouteMethodSet(method))
    }
    return set
  }

  private static func pattern(_ route: egg_route) -> RoutePattern {
    route.flags & UInt32(EGG_ROUTE_REGEX) != 0
      ? .regex(route.path.string) : .path(route.path.string)
  }

  private static func options(_ route: egg_route, end: Bool = true) -> RouteOptions {
    RouteOptions(
      sensitive: route.flags & UInt32(EGG_ROUTE_INSENSITIVE) == 0,
      strict: route.flags & UInt32(EGG_ROUTE_STRICT) != 0, end: end)
  }

  private static func handlers(_ route: egg_route, _ unit: Unit) -> [Int]? {
    guard route.handler_count == 0 || route.handlers != nil, route.handler_count <= 256 else {
      return nil
    }
    var numbers: [Int] = []
    for index in 0..<Int(route.handler_count) {
      let handler = route.handlers![index]
      guard handler.handle != nil else { return nil }
      numbers.append(unit.worker.routes.addHandler(handler, unit: unit))
    }
    return numbers
  }

  private static let addRoute:
    @convention(c) (HostTable, UnsafePointer<egg_route>, UnsafeMutablePointer<egg_str>)
      -> egg_status = { host, item, message in
        let unit = HostFunctions.unit(host)
        if let refusal = phaseRefusal(unit, message) ?? mayRoute(unit, message) { return refusal }
        guard let route = adopt(item, as: egg_route.self) else {
          return unit.refuse(
            Status.unsupported, "the egg_route has fields this egg does not know", message)
        }
        guard route.path.isPlausible, route.name.isPlausible, route.methods.isPlausible,
          let handlers = handlers(route, unit)
        else { return unit.refuse(Status.argument, "the egg_route is incomplete", message) }
        let worker = unit.worker
        let origin = origin(unit, route.file, route.line)
        do throws(RouterError) {
          if route.flags & UInt32(EGG_ROUTE_LAYER) != 0 {
            _ = try worker.routes.table.use(
              route.path.len > 0 ? route.path.string : nil, handlers: handlers,
              options: options(route, end: false), origin: origin)
          } else {
            guard !handlers.isEmpty else {
              return unit.refuse(
                Status.argument, "route \"\(route.path.string)\" has no handler", message)
            }
            guard let methods = methods(route.methods), !methods.isEmpty else {
              return unit.refuse(
                Status.argument,
                "expected methods such as \"GET\", \"PUT,PATCH\" or \"*\", found \"\(route.methods.string)\"",
                message)
            }
            _ = try worker.routes.table.register(
              name: route.name.len > 0 ? route.name.string : nil, methods: methods, pattern(route),
              handlers: handlers, options: options(route), origin: origin)
          }
          worker.routes.record(controller: route.controller.string, unit: unit)
          return Status.ok
        } catch {
          return unit.refuse(Status.argument, error.description, message)
        }
      }

  private static let addResources:
    @convention(c) (
      HostTable, UnsafePointer<egg_route>, UnsafePointer<UnsafePointer<egg_resource_action>>,
      UInt32, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, item, actions, count, message in
      let unit = HostFunctions.unit(host)
      if let refusal = phaseRefusal(unit, message) ?? mayRoute(unit, message) { return refusal }
      guard let route = adopt(item, as: egg_route.self), route.path.isPlausible,
        count <= 64, let shared = handlers(route, unit)
      else { return unit.refuse(Status.argument, "the egg_route is incomplete", message) }
      var byName: [String: [Int]] = [:]
      for index in 0..<Int(count) {
        guard let action = adopt(actions[index], as: egg_resource_action.self),
          action.handler.handle != nil, action.action.isPlausible
        else { return unit.refuse(Status.argument, "a resource action is incomplete", message) }
        byName[action.action.string] =
          shared + [unit.worker.routes.addHandler(action.handler, unit: unit)]
      }
      do throws(RouterError) {
        _ = try unit.worker.routes.table.resources(
          name: route.name.len > 0 ? route.name.string : nil, route.path.string,
          origin: origin(unit, route.file, route.line)
        ) { byName[$0] }
        unit.worker.routes.record(controller: route.controller.string, unit: unit)
        return Status.ok
      } catch {
        return unit.refuse(Status.argument, error.description, message)
      }
    }

  private static let addRedirect:
    @convention(c) (HostTable, egg_str, egg_str, Int32, UnsafeMutablePointer<egg_str>)
      -> egg_status = { host, from, to, status, message in
        let unit = HostFunctions.unit(host)
        if let refusal = phaseRefusal(unit, message) ?? mayRoute(unit, message) { return refusal }
        guard from.isPlausible, to.isPlausible else { return Status.argument }
        do throws(RouterError) {
          _ = try unit.worker.routes.table.redirect(
            from.string, to.string, status: status == 0 ? 301 : Int(status),
            origin: origin(unit, egg_str(), 0))
          unit.worker.routes.record(controller: "redirect", unit: unit)
          return Status.ok
        } catch {
          return unit.refuse(Status.argument, error.description, message)
        }
      }

  private static let addParam: @convention(c) (HostTable, egg_str, egg_handler) -> egg_status = {
    host, name, handler in
    let unit = HostFunctions.unit(host)
    if let refusal = phaseRefusal(unit, nil) { return refusal }
    guard name.isPlausible, name.len > 0, handler.handle != nil else { return Status.argument }
    let number = unit.worker.routes.addHandler(handler, unit: unit)
    unit.worker.routes.table.param(name.string, handler: number)
    return Status.ok
  }

  private static let setPrefix: @convention(c) (HostTable, egg_str) -> egg_status = {
    host, prefix in
    let unit = HostFunctions.unit(host)
    if let refusal = phaseRefusal(unit, nil) { return refusal }
    guard prefix.isPlausible else { return Status.argument }
    do throws(RouterError) {
      try unit.worker.routes.table.prefix(prefix.string, owner: unit.name)
      return Status.ok
    } catch {
      unit.worker.log.misuse(unit, "set_prefix", error.description)
      return Status.argument
    }
  }

  private static let url:
    @convention(c) (
      HostTable, egg_call, egg_str, UnsafePointer<egg_value>?, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, token, name, params, out in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, token, "url") }
      guard name.isPlausible else { return Status.argument }
      do throws(RouterError) {
        let text = try unit.worker.routes.table.url(name.string, parameters(params?.pointee))
        if let context = unit.worker.calls.find(token)?.context {
          out.pointee = context.text(text)
        } else {
          let kept = StaticText(text)
          unit.lastMessage = kept
          out.pointee = kept.value
        }
        return Status.ok
      } catch {
        unit.worker.log.warning(error.description)
        return Status.argument
      }
    }

  /// Lists give several values; null and undefined are printed, as Egg does.
  private static func parameters(_ value: egg_value?) -> RouteParameters {
    guard let value, value.kind == Kind.map, let pairs = value.as.pairs else { return [] }
    return (0..<Int(value.count)).map { index in
      let pair = pairs[index]
      if pair.value.kind == Kind.list {
        let items = (0..<Int(pair.value.count)).map { ValueText.describe(pair.value.as.items![$0]) }
        return (pair.key.string, items)
      }
      return (pair.key.string, [ValueText.describe(pair.value)])
    }
  }
}
