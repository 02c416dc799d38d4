import Egg
import EggTemplateValues
import Glibc
import Nunjucks
import PluginABI

/// The engine in one application. Lives until the process ends.
///
/// Locals are read where the kernel keeps them, and the page is copied once, into the request's
/// memory. Everything happens on the loop's thread.
nonisolated final class NunjucksEngine {
  let host: UnsafePointer<egg_host>
  /// Nil until every unit has loaded.
  private(set) var environment: Environment?
  private var roots: [String] = []
  private var rootBytes: [[UInt8]] = []
  var exportedFilters: [ExportedFilter] = []
  /// Templates in which a filter had to wait. The others are rendered without preparing for that.
  var waitingTemplates: Set<String> = []
  /// Templates that wait for nothing, by the path of the file.
  let immediate = NameTable()
  /// `nunjucksCall`, through which a method of an object is called at once.
  private(set) var objectCall = egg_member()
  /// What `objectCall` is to call.
  var awaitedCallee: Callee?
  /// The tags of other units that run, outermost first.
  var uses: [TagUse] = []
  var lastUse: UInt64 = 0
  private(set) lazy var interface = NunjucksInterface(self)
  /// What other units added before the environment was made.
  private var additions: [(Environment) -> Void] = []

  /// On whose behalf templates run at this moment.
  private(set) var call = egg_call()
  /// What another unit failed with during this render; lives as long as the call.
  var failure: UnsafePointer<egg_error>?
  /// Objects that are the same for all requests.
  private var fixedObjects: [UnsafeRawPointer: TemplateObject] = [:]

  init(_ hostTable: UnsafeRawPointer) {
    host = hostTable.assumingMemoryBound(to: egg_host.self)
  }

  // MARK: start

  /// - Throws: `EggError` when the kernel refuses.
  func register() throws(EggError) {
    try addObjectCall()
    try addAdditionProperty()
    try addFilterDirectory()
  }

  /// Makes the environment and hands the engine to `view`.
  ///
  /// - Throws: `EggError` when there is no `view`, or when it has an engine of that name.
  func start(_ options: TemplateOptions, checksForChanges: Bool) throws(EggError) {
    guard let table = host.pointee.query(host, EGG_VIEW_ID) else {
      throw EggError("nunjucks: no unit offers \(EGG_VIEW_ID); enable the plugin view")
    }
    let view = table.assumingMemoryBound(to: egg_view.self)
    var root = egg_str()
    while view.pointee.root(host, UInt32(roots.count), &root) == egg_status(EGG_OK) {
      roots.append(root.string)
      rootBytes.append(Array(root.bytes))
    }
    let loader = ProtectedLoader(
      files: FileLoader(roots: roots), hasToken: contextMember("csrf") != nil,
      hasNonce: contextMember("nonce") != nil,
      tags: (options.tags.variableStart, options.tags.variableEnd))
    let environment = Environment(
      loaders: [loader], options: options, checksForChanges: checksForChanges)
    environment.adapter = { [unowned self] in object($0) }
    self.environment = environment
    addTranslation(environment)
    for addition in additions { addition(environment) }
    additions = []
    for filter in exportedFilters { filter.add(to: environment, self) }

    var engine = egg_view_engine()
    engine.size = UInt32(MemoryLayout<egg_view_engine>.size)
    engine.name = egg_str(permanent: "nunjucks").ptr
    engine.`self` = Unmanaged.passUnretained(self).toOpaque()
    engine.render = { state, call, path, name, locals, result in
      NunjucksEngine.from(state).render(call, path, locals, result)
    }
    engine.render_string = { state, call, source, locals, result in
      NunjucksEngine.from(state).renderString(call, source, locals, result)
    }
    engine.page = { state, call, path, _, locals, page, error in
      Unmanaged<NunjucksEngine>.fromOpaque(state!)._withUnsafeGuaranteedRef {
        $0.page(call, path, locals, page, error)
      }
    }
    engine.lint = { state, path, _, report, reportState in
      NunjucksEngine.from(state).lint(path, report, reportState)
      return egg_status(EGG_OK)
    }
    let status = view.pointee.use(host, &engine)
    guard status == egg_status(EGG_OK) else {
      throw EggError("nunjucks: view refused the engine (status \(status))")
    }
  }

  /// `__` and `gettext`, when a unit adds them to the context.
  private func addTranslation(_ environment: Environment) {
    for name in ["__", "gettext"] {
      guard let member = contextMember(name) else { continue }
      environment.addGlobal(
        name, .object(TemplateFunction { [unowned self] in try self.call(member, name, $0) }))
    }
  }

  private func contextMember(_ name: String) -> egg_member? {
    var member = egg_member()
    let status = egg_str.lend(name) {
      host.pointee.resolve(host, UInt32(EGG_ON_CONTEXT), $0, &member)
    }
    return status == egg_status(EGG_OK) ? member : nil
  }

  /// Changes the environment, now or when it is made.
  func add(_ addition: @escaping (Environment) -> Void) {
    if let environment { addition(environment) } else { additions.append(addition) }
  }

  private func addObjectCall() throws(EggError) {
    var method = egg_method()
    method.size = UInt32(MemoryLayout<egg_method>.size)
    method.flags = UInt32(EGG_METHOD_IMMEDIATE)
    method.target = UInt32(EGG_ON_CONTEXT)
    method.name = egg_str(permanent: "nunjucksCall").ptr
    method.`self` = Unmanaged.passUnretained(self).toOpaque()
    method.invoke = { state, call, args, count, result in
      NunjucksEngine.from(state).passOn(call, args, count, result)
    }
    var status = host.pointee.add_method(host, &method)
    if status == egg_status(EGG_OK) {
      status = egg_str.lend("nunjucksCall") {
        host.pointee.resolve(host, method.target, $0, &objectCall)
      }
    }
    guard status == egg_status(EGG_OK) else {
      throw EggError("nunjucks: the kernel refused a method (status \(status))")
    }
  }

  static func from(_ state: UnsafeMutableRawPointer?) -> NunjucksEngine {
    Unmanaged<NunjucksEngine>.fromOpaque(state!).takeUnretainedValue()
  }

  // MARK: objects

  /// An object of the locals as templates use it.
  private func object(_ pointer: UnsafeRawPointer) -> TemplateObject {
    if let known = fixedObjects[pointer] { return known }
    let object = ForeignTemplateObject(
      UnsafeMutableRawPointer(mutating: pointer).assumingMemoryBound(to: egg_object.self), self)
    if object.target != nil { fixedObjects[pointer] = object }
    return object
  }

  // MARK: the render that runs

  /// Runs `body` on behalf of `call`. Renders may be nested: a filter may be in an engine's plugin.
  func onBehalf<R>(of call: egg_call, _ body: () -> R) -> R {
    let outer = (self.call, failure)
    self.call = call
    failure = nil
    defer { (self.call, failure) = outer }
    return body()
  }

  /// The name under which the loader has the file that `view` found: its path below the root.
  func name(of path: egg_str) -> String {
    let path = path.bytes
    for root in rootBytes where path.count > root.count && path[root.count] == 0x2F {
      let isInside = root.withUnsafeBufferPointer {
        memcmp($0.baseAddress!, path.baseAddress!, root.count) == 0
      }
      if isInside { return String(decoding: path[(root.count + 1)...], as: UTF8.self) }
    }
    return String(decoding: path, as: UTF8.self)
  }

  /// Where a template is, for the log.
  func path(of name: String) -> String? {
    for root in roots {
      let path = root + "/" + name
      if access(path, R_OK) == 0 { return path }
    }
    return nil
  }
}
