internal import PluginABI

/// The kernel's tables, as one unit sees them.
///
/// Immutable. Its functions belong to the loop's thread unless the header tags them `[any]`.
nonisolated final class Host: @unchecked Sendable {
  let table: UnsafePointer<egg_host>
  let http: UnsafePointer<egg_http>
  let router: UnsafePointer<egg_router>
  let loop: UnsafePointer<egg_loop>
  let upgrade: UnsafePointer<egg_upgrade>?
  let app: UnsafePointer<egg_app>
  let crypto: UnsafePointer<egg_crypto>?
  let errors: UnsafePointer<egg_errors>?
  let log: UnsafePointer<egg_log>?

  /// Nil when the kernel lacks an interface that every unit needs.
  init?(_ pointer: UnsafeRawPointer) {
    let table = pointer.assumingMemoryBound(to: egg_host.self)
    func find<T>(_ id: String, _ type: T.Type) -> UnsafePointer<T>? {
      table.pointee.query(table, id)?.assumingMemoryBound(to: type)
    }
    guard let http = find(EGG_HTTP_ID, egg_http.self),
      let router = find(EGG_ROUTER_ID, egg_router.self),
      let loop = find(EGG_LOOP_ID, egg_loop.self), let app = find(EGG_APP_ID, egg_app.self)
    else { return nil }
    self.table = table
    self.http = http
    self.router = router
    self.loop = loop
    self.app = app
    upgrade = find(EGG_UPGRADE_ID, egg_upgrade.self)
    crypto = find(EGG_CRYPTO_ID, egg_crypto.self)
    errors = find(EGG_ERRORS_ID, egg_errors.self)
    log = find(EGG_LOG_ID, egg_log.self)
  }

  func query(_ id: String) -> UnsafeRawPointer? { table.pointee.query(table, id) }

  /// The table of the plugin `view`; nil without it, or when it is too old to have `page`.
  func findView() -> UnsafePointer<egg_view>? {
    let view = query(EGG_VIEW_ID)?.assumingMemoryBound(to: egg_view.self)
    guard let view, Int(view.pointee.size) >= MemoryLayout<egg_view>.size else { return nil }
    return view
  }

  /// The kernel's logger of that name; nil when there is none, or the kernel has no loggers.
  func logger(_ name: String) -> UnsafePointer<egg_logger>? {
    guard let log else { return nil }
    return name.withEggString { log.pointee.find(table, $0) }
  }

  /// - Parameter logger: nil: the application's.
  func log(
    _ logger: UnsafePointer<egg_logger>?, _ call: egg_call, _ level: LogLevel, _ message: String,
    _ fields: Value
  ) {
    message.withEggString { text in
      guard case .map(let map) = fields, !map.isEmpty else {
        return write(logger, call, level, text, nil)
      }
      withEggValue(fields) { write(logger, call, level, text, $0) }
    }
  }

  private func write(
    _ logger: UnsafePointer<egg_logger>?, _ call: egg_call, _ level: LogLevel, _ text: egg_str,
    _ fields: UnsafePointer<egg_value>?
  ) {
    if let log, let logger {
      log.pointee.write(table, logger, call, level.rawValue, text, fields)
    } else {
      table.pointee.log(table, call, level.rawValue, text, fields)
    }
  }

  /// Settles with a value; spends `call`.
  func finish(_ call: egg_call, _ value: Value) -> egg_step {
    if value.isUndefined { return table.pointee.finish(table, call, nil) }
    return withEggValue(value) { table.pointee.finish(table, call, $0) }
  }

  /// Settles with an error; spends `call`.
  func fail(_ call: egg_call, _ error: any Error) -> egg_step {
    var described = EggError(error)
    if described.detail.isEmpty { described.detail = ThrowSites.text(of: error) }
    return withEggError(described) { table.pointee.fail(table, call, $0) }
  }

  /// Copies `value` into memory that lives as long as `call`, objects retained.
  func store(_ value: Value, in call: egg_call, at out: UnsafeMutablePointer<egg_value>)
    -> egg_status
  {
    if let scalar = value.scalar {
      out.pointee = scalar
      return Status.ok
    }
    return withEggValue(value) { table.pointee.copy(table, call, $0, out) }
  }

  func resolve(_ target: Int, _ name: String) -> egg_member? {
    var member = egg_member()
    let status = name.withEggString {
      table.pointee.resolve(table, UInt32(target), $0, &member)
    }
    return status == Status.ok ? member : nil
  }
}

/// `egg_call` that stands for the application.
nonisolated let noCall = egg_call(token: 0)

/// The ABI's answers as the types that its functions have.
nonisolated enum Status {
  static var ok: egg_status { egg_status(EGG_OK) }
  static var argument: egg_status { egg_status(EGG_E_ARGUMENT) }
  static var unsupported: egg_status { egg_status(EGG_E_UNSUPPORTED) }
  static var notFound: egg_status { egg_status(EGG_E_NOT_FOUND) }
  static var stale: egg_status { egg_status(EGG_E_STALE) }
  static var again: egg_status { egg_status(EGG_E_AGAIN) }
  static var failed: egg_status { egg_status(EGG_E_FAILED) }

  /// What a refusal means, for people.
  static func text(_ status: egg_status) -> String {
    switch Int(status) {
    case EGG_E_ARGUMENT: "an argument is invalid"
    case EGG_E_UNSUPPORTED: "not supported by this kernel"
    case EGG_E_EXISTS: "the name is already registered"
    case EGG_E_NOT_FOUND: "not found"
    case EGG_E_PHASE: "not possible at this moment"
    case EGG_E_STALE: "the request has ended"
    case EGG_E_UNDECLARED: "the unit's manifest does not announce this"
    case EGG_E_LIMIT: "a configured limit was hit"
    case EGG_E_THREAD: "not on the loop's thread"
    case EGG_E_AGAIN: "wait before sending more"
    case EGG_E_FAILED: "it failed"
    default: "status \(status)"
    }
  }

  /// - Throws: `EggError` naming what was attempted.
  static func check(_ status: egg_status, _ attempt: @autoclosure () -> String) throws {
    guard status != ok else { return }
    throw EggError(code: code(status), "\(attempt()): \(text(status))")
  }

  private static func code(_ status: egg_status) -> String {
    switch Int(status) {
    case EGG_E_EXISTS: "EGG_EXISTS"
    case EGG_E_NOT_FOUND: "EGG_NOT_FOUND"
    case EGG_E_PHASE: "EGG_PHASE"
    case EGG_E_STALE: "EGG_STALE"
    case EGG_E_UNDECLARED: "EGG_UNDECLARED"
    case EGG_E_LIMIT: "EGG_LIMIT"
    default: "EGG_REFUSED"
    }
  }
}

nonisolated enum Step {
  static var done: egg_step { egg_step(EGG_STEP_DONE) }
  static var later: egg_step { egg_step(EGG_STEP_LATER) }
  static var stale: egg_step { egg_step(EGG_STEP_STALE) }
}
