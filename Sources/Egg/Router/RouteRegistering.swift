internal import PluginABI

/// The verbs, the same on the application and on routers. Each returns its receiver.
///
/// The arguments are `([name], path, [middlewares …], controller)`; the controller may be an
/// action, its name as text, or a closure behind the parentheses. A closure in the middle is
/// written `Handler { ctx, next in … }`.
@MainActor public protocol RouteRegistering {
  var routes: Router { get }
}

extension RouteRegistering {
  // MARK: head

  @discardableResult
  public func head(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("HEAD", "head", arguments, nil, file, line)
  }

  @discardableResult
  public func head(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("HEAD", "head", arguments, .action(action), file, line)
  }

  @discardableResult
  public func head(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("HEAD", "head", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func head(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("HEAD", "head", arguments, .middleware(action), file, line)
  }

  // MARK: options

  @discardableResult
  public func options(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("OPTIONS", "options", arguments, nil, file, line)
  }

  @discardableResult
  public func options(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("OPTIONS", "options", arguments, .action(action), file, line)
  }

  @discardableResult
  public func options(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("OPTIONS", "options", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func options(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("OPTIONS", "options", arguments, .middleware(action), file, line)
  }

  // MARK: get

  @discardableResult
  public func get(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("GET", "get", arguments, nil, file, line)
  }

  @discardableResult
  public func get(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("GET", "get", arguments, .action(action), file, line)
  }

  @discardableResult
  public func get(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("GET", "get", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func get(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("GET", "get", arguments, .middleware(action), file, line)
  }

  // MARK: put

  @discardableResult
  public func put(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("PUT", "put", arguments, nil, file, line)
  }

  @discardableResult
  public func put(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("PUT", "put", arguments, .action(action), file, line)
  }

  @discardableResult
  public func put(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("PUT", "put", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func put(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("PUT", "put", arguments, .middleware(action), file, line)
  }

  // MARK: patch

  @discardableResult
  public func patch(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("PATCH", "patch", arguments, nil, file, line)
  }

  @discardableResult
  public func patch(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("PATCH", "patch", arguments, .action(action), file, line)
  }

  @discardableResult
  public func patch(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("PATCH", "patch", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func patch(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("PATCH", "patch", arguments, .middleware(action), file, line)
  }

  // MARK: post

  @discardableResult
  public func post(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("POST", "post", arguments, nil, file, line)
  }

  @discardableResult
  public func post(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("POST", "post", arguments, .action(action), file, line)
  }

  @discardableResult
  public func post(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("POST", "post", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func post(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("POST", "post", arguments, .middleware(action), file, line)
  }

  // MARK: delete

  @discardableResult
  public func delete(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("DELETE", "delete", arguments, nil, file, line)
  }

  @discardableResult
  public func delete(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("DELETE", "delete", arguments, .action(action), file, line)
  }

  @discardableResult
  public func delete(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("DELETE", "delete", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func delete(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("DELETE", "delete", arguments, .middleware(action), file, line)
  }

  // MARK: del

  @discardableResult
  public func del(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("DELETE", "del", arguments, nil, file, line)
  }

  @discardableResult
  public func del(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("DELETE", "del", arguments, .action(action), file, line)
  }

  @discardableResult
  public func del(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("DELETE", "del", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func del(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("DELETE", "del", arguments, .middleware(action), file, line)
  }

  // MARK: all

  @discardableResult
  public func all(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    add("*", "all", arguments, nil, file, line)
  }

  @discardableResult
  public func all(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) throws -> Void
  ) -> Self {
    add("*", "all", arguments, .action(action), file, line)
  }

  @discardableResult
  public func all(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping @MainActor (Context) async throws -> Void
  ) -> Self {
    add("*", "all", arguments, .asyncAction(action), file, line)
  }

  @discardableResult
  public func all(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line,
    action: @escaping Middleware
  ) -> Self {
    add("*", "all", arguments, .middleware(action), file, line)
  }

  // MARK: others

  /// Any methods: `register("/x", ["GET", "PURGE"], app.controller.x.y)`.
  @discardableResult
  public func register(
    _ path: String, _ methods: [String], _ handlers: any RouteArgument..., name: String = "",
    strict: Bool = false, sensitive: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    var arguments: [any RouteArgument] = name.isEmpty ? [path] : [name, path]
    arguments += handlers
    let flags = (strict ? EGG_ROUTE_STRICT : 0) | (sensitive ? 0 : EGG_ROUTE_INSENSITIVE)
    routes.add(
      methods.joined(separator: ",").uppercased(), arguments, nil, flags: flags, verb: "register",
      file: file, line: line)
    return self
  }

  /// Middlewares below a path; they run when a real route matches.
  @discardableResult
  public func use(
    _ path: String = "/", _ handlers: Handler..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    let pattern = path == "/" ? "/(.*)" : path.withoutLastSlash + "/(.*)?"
    routes.add(
      "", [pattern] as [any RouteArgument] + handlers, nil, flags: EGG_ROUTE_LAYER, verb: "use",
      file: file, line: line)
    return self
  }

  private func add(
    _ methods: String, _ verb: String, _ arguments: [any RouteArgument], _ last: Layer?,
    _ file: StaticString, _ line: UInt
  ) -> Self {
    routes.add(methods, arguments, last, flags: 0, verb: verb, file: file, line: line)
    return self
  }
}
