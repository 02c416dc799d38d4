import Egg
import Glibc
import PluginABI

/// Gives the middleware `static` to the kernel as a plain function. Kept for ever.
///
/// The C interface and not a `Middleware` closure, because an answer from memory never waits: a
/// task for each request would cost more than the answer.
final class StaticRegistration {
  private let app: Application
  private let host: UnsafePointer<egg_host>
  /// `app/public` of plugins and frameworks, in load order.
  var contributed: [String] = []
  /// What `limitToPrefixes` has written.
  private var ownMatch: [String]?

  init(_ app: Application) {
    self.app = app
    host = app.hostTable.assumingMemoryBound(to: egg_host.self)
  }

  /// - Throws: when the kernel refuses it.
  func add() throws {
    var item = egg_middleware()
    item.size = UInt32(MemoryLayout<egg_middleware>.size)
    item.name = UnsafePointer(strdup("static"))
    item.`self` = Unmanaged.passRetained(self).toOpaque()
    item.make = makeStatic
    item.handle = handleStatic
    let status = host.pointee.add_middleware(host, &item)
    guard status == egg_status(EGG_OK) else {
      throw EggError(code: "EGG_STATIC", "middleware \"static\": refused with status \(status)")
    }
  }

  // MARK: Configuration

  /// Lets the kernel skip the layer for other paths, which is cheaper than asking it.
  ///
  /// Leaves `match` and `ignore` alone when somebody has set them.
  func limitToPrefixes() throws {
    let setting = configured()
    guard setting["match"] == .none, setting["ignore"] == .none else { return }
    let prefixes = try plan(setting).prefixes
    // A prefix of "/" is every path; comparing is then for nothing.
    guard !prefixes.contains("/") else { return }
    ownMatch = prefixes
    try app.config.set("static.match", Value(prefixes), origin: "plugin static")
  }

  private func configured() -> Setting {
    var value = egg_value()
    let status = "static".withCString {
      host.pointee.config(host, egg_str(ptr: $0, len: 6), &value)
    }
    return status == egg_status(EGG_OK) ? Setting(value) : .none
  }

  private func plan(_ setting: Setting) throws -> FolderPlan {
    do {
      return try FolderPlan(setting, baseDir: app.baseDir, contributed: contributed)
    } catch {
      throw EggError(code: "EGG_STATIC", error.description)
    }
  }

  /// An instance for `config.static` or for the options of a route.
  fileprivate func make(_ options: egg_value) throws -> StaticHandler {
    let setting = Setting(options)
    let plan = try plan(setting)
    if let ownMatch, setting["match"] == .list(ownMatch.map(Setting.text)),
      plan.prefixes != ownMatch
    {
      throw EggError(
        code: "EGG_STATIC",
        "config.static.prefix has become \(plan.prefixes) in a configWillLoad that ran after this"
          + " plugin's; say it in config/config.default.json, or set config.static.match as well")
    }
    for folder in plan.folders {
      if folder.isCreated, !makeFolder(folder.path) {
        let reason = String(cString: strerror(errno))
        app.coreLogger.warn("[egg-static] \(folder.path) can't be made: \(reason)")
      }
      app.coreLogger.info(
        "[egg-static] starting static serve \(folder.options.prefix) -> \(folder.path)")
    }
    let store = FileStore(
      plan.folders.map { Folder($0.path, $0.options) }, maxFiles: plan.maxFiles,
      digest: MD5(host).digest)
    store.preload(now: app.loop.nowNanoseconds)
    guard let handler = StaticHandler(host, store) else {
      throw EggError(code: "EGG_STATIC", "the kernel has no \(EGG_HTTP_ID)")
    }
    return handler
  }
}

/// `mkdir -p`. - Returns: whether the folder is there now.
private nonisolated func makeFolder(_ path: String) -> Bool {
  var made = ""
  for segment in path.split(separator: "/") {
    made += "/\(segment)"
    if mkdir(made, 0o755) != 0, errno != EEXIST { return access(path, F_OK) == 0 }
  }
  return true
}

/// The kernel's MD5, which Egg makes tags of; it is no secret and protects nothing.
private nonisolated struct MD5 {
  let host: UnsafePointer<egg_host>
  let crypto: UnsafePointer<egg_crypto>?

  init(_ host: UnsafePointer<egg_host>) {
    self.host = host
    crypto = host.pointee.query(host, EGG_CRYPTO_ID)?.assumingMemoryBound(to: egg_crypto.self)
  }

  func digest(_ bytes: [UInt8]) -> [UInt8]? {
    guard let crypto else { return nil }
    var out = [UInt8](repeating: 0, count: 16)
    var count = 0
    let status = bytes.withUnsafeBytes { bytes in
      let text = egg_str(
        ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
      return crypto.pointee.digest(host, "md5", text, &out, out.count, &count)
    }
    return status == egg_status(EGG_OK) && count == 16 ? out : nil
  }
}

// The kernel calls these on the loop's thread, which is the main actor.

private let makeStatic = unsafeBitCast(
  { item, options, instance, message in
    guard let item else { return egg_status(EGG_E_ARGUMENT) }
    let registration = Unmanaged<StaticRegistration>.fromOpaque(item).takeUnretainedValue()
    do {
      let handler = try registration.make(options.pointee)
      instance.pointee = Unmanaged.passRetained(handler).toOpaque()
      return egg_status(EGG_OK)
    } catch {
      // Stays, as the contract asks.
      let text = EggError(error).message
      message.pointee = egg_str(ptr: strdup(text), len: text.utf8.count)
      return egg_status(EGG_E_FAILED)
    }
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<egg_value>,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutablePointer<egg_str>
    ) -> egg_status,
  to: (@convention(c) (
    UnsafeMutableRawPointer?, UnsafePointer<egg_value>,
    UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutablePointer<egg_str>
  ) -> egg_status).self)

private nonisolated let handleStatic:
  @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step = { instance, call in
    guard let instance else { return egg_step(EGG_STEP_PASS) }
    return Unmanaged<StaticHandler>.fromOpaque(instance)._withUnsafeGuaranteedRef {
      $0.handle(call)
    }
  }
