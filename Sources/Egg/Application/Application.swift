internal import PluginABI

/// The application, one per process.
public final class Application: ApplicationBase, RouteRegistering {
  /// The routes of this unit.
  public private(set) lazy var router = Router(unit)
  private var knownKeys: [String]?
  /// Those of `runInBackground` that still run.
  package private(set) var backgroundTasks = 0

  public var routes: Router { router }

  /// The keys that sign cookies, `config.keys`; the first signs, all of them check.
  ///
  /// - Throws: `EggError` when there are none.
  public var keys: [String] {
    get throws {
      if let knownKeys { return knownKeys }
      let config = config.keys
      let list =
        config.array?.compactMap(\.string) ?? config.string?.split(separator: ",").map(\.trimmed)
      let keys = (list ?? []).filter { !$0.isEmpty }
      guard !keys.isEmpty else {
        let hint = "add \"keys\" to config/config.default.json"
        throw EggError(code: "EGG_KEYS", "Please set config.keys first (\(hint))")
      }
      knownKeys = keys
      return keys
    }
  }

  /// The path of a named route.
  public func url(_ name: String, _ params: Value = [:]) -> String { router.url(name, params) }

  @discardableResult
  public func resources(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Application {
    router.addResources(arguments, file: file, line: line)
    return self
  }

  @discardableResult
  public func redirect(
    _ source: String, _ destination: String, _ status: Int = 301,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Application {
    router.redirect(source, destination, status, file: file, line: line)
    return self
  }

  // MARK: contexts without a request

  /// A context without a connection, for work outside of requests. It ends when nobody holds it.
  ///
  ///     let ctx = try app.createAnonymousContext()
  ///     try await ctx.service.posts.load()
  ///
  /// - Parameter request: `method`, `url` and `headers` of the made-up request.
  /// - Throws: `EggError` when the kernel has no room for another one.
  public func createAnonymousContext(_ request: Value = .undefined) throws -> Context {
    var call = egg_call()
    let status: egg_status
    if request.isUndefined {
      status = host.app.pointee.context_create(host.table, nil, &call)
    } else {
      status = withEggValue(request) {
        host.app.pointee.context_create(host.table, $0, &call)
      }
    }
    try Status.check(status, "anonymous context")
    return try unit.ownedContext(for: call)
  }

  /// Runs something with a context of its own and waits for it.
  public func runInAnonymousContextScope<R>(
    _ request: Value = .undefined, _ body: @MainActor (Context) async throws -> R
  ) async throws -> R {
    try await body(createAnonymousContext(request))
  }

  /// Starts something that nobody waits for, with a context of its own. Success is logged, a
  /// failure is logged and emitted as `error`.
  public func runInBackground(
    name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ scope: @escaping @MainActor (Context) async throws -> Void
  ) {
    background(.undefined, name ?? "\(file):\(line)", scope)
  }

  func background(
    _ request: Value, _ name: String, _ scope: @escaping @MainActor (Context) async throws -> Void
  ) {
    backgroundTasks += 1
    Task {
      defer { backgroundTasks -= 1 }
      let start = loop.nowNanoseconds
      do {
        try await runInAnonymousContextScope(request, scope)
        let used = (loop.nowNanoseconds &- start) / 1_000_000
        coreLogger.info("[egg:background] task:\(name) success (\(used)ms)")
      } catch {
        let used = (loop.nowNanoseconds &- start) / 1_000_000
        coreLogger.info("[egg:background] task:\(name) fail (\(used)ms)")
        var failure = EggError(error)
        failure.properties["runInBackground"] = true
        coreLogger.error(failure)
        emit(failure)
      }
    }
  }
}

/// The agent: one process per machine, for what only one may do.
public final class Agent: ApplicationBase {
  override var memberTarget: Int { Int(EGG_ON_AGENT) }
  override var loggerNames: (own: String, core: String) { ("agentLogger", "agentLogger") }
}

extension Context {
  /// Starts something that outlives the request, with a context of its own that has the method,
  /// url and headers of this one.
  ///
  /// Differs from Egg: the function works with the context it is given; this one ends with the
  /// response.
  public func runInBackground(
    name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ scope: @escaping @MainActor (Context) async throws -> Void
  ) {
    let request: Value = ["method": method, "url": url, "headers": Value(headers)]
    app.background(request, name ?? "\(file):\(line)", scope)
  }
}
