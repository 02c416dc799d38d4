internal import PluginABI

/// What the application and the agent have in common.
open class ApplicationBase {
  let unit: Unit
  var host: Host { unit.host }
  private var storage: [ObjectIdentifier: Any] = [:]
  private var startScopes: [Scope] = []
  private var readyScopes: [Scope] = []
  private var closeScopes: [Scope] = []
  private var isReady = false
  var knownMessenger: Messenger?

  /// Merged configuration: `app.config.mysql.client.host`.
  public private(set) lazy var config = Config(host)
  /// The application's log: `<name>-web.log`; the agent's is `egg-agent.log`.
  public private(set) lazy var logger = Logger(unit, face: host.logger(loggerNames.own))
  /// The log of the framework and of plugins: `egg-web.log`.
  public private(set) lazy var coreLogger = Logger(unit, face: host.logger(loggerNames.core))
  /// Timers, descriptors, the clock.
  public private(set) lazy var loop = Loop(unit)
  /// View variables of every request.
  public var locals = ValueMap()

  init(_ unit: Unit) { self.unit = unit }

  /// Name, folder, environment.
  public var info: AppInfo { unit.info }
  public var name: String { unit.info.name }
  public var baseDir: String { unit.info.baseDir }
  /// `local`, `unittest`, `prod` …
  public var env: String { TestDoubles.env ?? unit.info.env }

  var loggerNames: (own: String, core: String) { ("logger", "coreLogger") }

  /// Every logger of the process, by name.
  public var loggers: Loggers { Loggers(unit) }
  /// A log by its key in `config.customLogger`, once the configuration is final; nil when there is
  /// none.
  public func getLogger(_ name: String) -> Logger? { loggers[name] }

  /// The unit that this code is part of.
  public var selfInfo: UnitInfo {
    var info = UnitInfo.empty()
    _ = host.app.pointee.`self`(host.table, &info)
    return UnitInfo(info)
  }

  /// Every unit in load order.
  public var plugins: [UnitInfo] {
    var all: [UnitInfo] = []
    var info = UnitInfo.empty()
    while host.app.pointee.unit(host.table, UInt32(all.count), &info) == Status.ok {
      all.append(UnitInfo(info))
    }
    return all
  }

  // MARK: start and end

  /// Runs before the application is ready; the start waits for it.
  public func beforeStart(_ scope: @escaping Scope) { startScopes.append(scope) }

  /// Runs when the application is ready; at once when it is already.
  public func ready(_ scope: @escaping Scope) {
    guard isReady else {
      readyScopes.append(scope)
      return
    }
    Task.immediate { [logger] in
      do { try await scope() } catch { logger.error(error) }
    }
  }

  /// Runs when the application ends, the last registered first.
  public func beforeClose(_ scope: @escaping Scope) { closeScopes.append(scope) }

  func takeBeforeStart() -> [Scope] {
    defer { startScopes = [] }
    return startScopes
  }
  func becomeReady() -> [Scope] {
    defer { readyScopes = [] }
    isReady = true
    return readyScopes
  }
  func takeBeforeClose() -> [Scope] {
    defer { closeScopes = [] }
    return closeScopes
  }

  // MARK: what plugins keep and offer

  /// Something of a plugin's, one per application.
  ///
  ///     enum CacheKey: StorageKey { typealias Value = Cache }
  ///     app[CacheKey.self] = Cache()
  public subscript<Key: StorageKey>(key: Key.Type) -> Key.Value? {
    get { storage[ObjectIdentifier(key)] as? Key.Value }
    set { storage[ObjectIdentifier(key)] = newValue }
  }

  /// An object of yours as a value that other units can hold.
  public func value(of object: any ExportedObject) -> Value {
    .reference(ObjectBox.wrap(object, unit))
  }

  /// Offers a C table to other units. It has to stay for the life of the process.
  public func publish(_ id: String, _ table: UnsafeRawPointer) {
    unit.refused(host.table.pointee.publish(host.table, id, table), "interface \"\(id)\"")
  }

  /// A C table of the kernel or of another unit; nil when nobody offers it.
  public func interface(_ id: String) -> UnsafeRawPointer? { host.query(id) }

  /// The kernel's own table, `const egg_host *`, for plugins that call C directly.
  public var hostTable: UnsafeRawPointer { UnsafeRawPointer(host.table) }

  var memberTarget: Int { Int(EGG_ON_APPLICATION) }

  /// A property that another unit added: `app.extension("mysql")`.
  ///
  /// - Returns: `.undefined` when nobody did.
  public func `extension`(_ name: String) -> Value {
    guard let member = host.resolve(memberTarget, name) else { return .undefined }
    var out = egg_value()
    guard host.table.pointee.get(host.table, noCall, member, &out) == Status.ok else {
      return .undefined
    }
    return Value(out, host: host)
  }

  /// Sets a property that another unit added.
  ///
  /// - Throws: `EggError` when nobody did, or when it cannot be set; the log says why.
  public func setExtension(_ name: String, _ value: Value) throws {
    guard let member = host.resolve(memberTarget, name) else {
      throw EggError(code: "EGG_NOT_FOUND", "no unit adds \"\(name)\" to the application")
    }
    let status = withEggValue(value) { host.table.pointee.set(host.table, noCall, member, $0) }
    try Status.check(status, "app.\(name)")
  }

  /// Calls a method that another unit added.
  ///
  /// - Throws: what it throws; `EggError` when nobody did.
  @discardableResult
  public func call(_ name: String, _ args: any Encodable..., ctx: Context? = nil) async throws
    -> Value
  {
    guard let member = host.resolve(memberTarget, name) else {
      throw EggError(code: "EGG_NOT_FOUND", "no unit adds \"\(name)\" to the application")
    }
    return try await unit.invoke(member, name, args.map { Value($0) }, ctx?.token ?? noCall)
  }

  // MARK: work elsewhere

  /// Runs something that blocks on a thread of the pool, and waits for it.
  ///
  /// - Throws: what `work` throws; `EggError` when too much is waiting already.
  public func runBlocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T
  {
    try await Blocking.run(host, work)
  }
}

/// Names something in an application's or context's storage.
public protocol StorageKey {
  associatedtype Value
}
