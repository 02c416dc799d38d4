internal import PluginABI

/// This unit in one application: what the kernel was given at the entry point.
///
/// Lives until the process ends. Its address is the key under which a request's `Context` is kept.
final class Unit {
  /// The unit that was entered last; it makes objects whose maker does not say for whom.
  /// Not counted: a unit lives until the process ends.
  private(set) unowned(unsafe) static var current: Unit?

  let host: Host
  let id: String
  private let declare: @MainActor (UnitDeclaration) throws -> Void
  private(set) var info = AppInfo()
  private(set) var application: Application!
  private(set) var agent: Agent?

  var boots: [Boot] = []
  var agentBoots: [AgentBoot] = []
  var atConfiguration: [@MainActor () throws -> Void] = []
  var routers: [@MainActor (Application) throws -> Void] = []
  var factories: [String: MiddlewareFactory] = [:]
  var actions: [String: Action] = [:]
  /// What was refused where no error could be thrown; stops the current phase.
  var problems: [EggError] = []
  /// The loggers of every request, looked up once.
  private(set) lazy var loggerFaces = (own: host.logger("logger"), core: host.logger("coreLogger"))
  private let spareContexts = SpareContexts()
  /// What the plugin view offers, looked up until it does.
  private var knownView: UnsafePointer<egg_view>?
  var view: UnsafePointer<egg_view>? {
    if knownView == nil { knownView = host.findView() }
    return knownView
  }
  /// Memory for values between two uses.
  private var spareMemory: ValueMemory?
  private var objectOps: [String: UnsafePointer<egg_object_ops>] = [:]
  /// Answers of members that are asked without a call, by member; the last one stays.
  private var kept: [UnsafeRawPointer: (ValueMemory, Value)] = [:]

  init(_ host: Host, _ id: String, _ declare: @escaping @MainActor (UnitDeclaration) throws -> Void)
  {
    self.host = host
    self.id = id
    self.declare = declare
  }

  /// The table that the entry point returns; this object is kept by it.
  func table() -> UnsafeRawPointer {
    var table = egg_plugin()
    table.size = UInt32(MemoryLayout<egg_plugin>.size)
    table.abi_major = UInt16(EGG_ABI_MAJOR)
    table.abi_minor = UInt16(EGG_ABI_MINOR)
    table.id = permanent(id)
    table.`self` = Unmanaged.passRetained(self).toOpaque()
    table.on_phase = runPhase
    let memory = UnsafeMutablePointer<egg_plugin>.allocate(capacity: 1)
    memory.initialize(to: table)
    return UnsafeRawPointer(memory)
  }

  // MARK: contexts

  /// The one context that this unit has for a request, made at the first look.
  /// Nil for a call that was spent.
  func context(for call: egg_call) -> Context? {
    guard call.token != 0 else { return nil }
    Self.current = self
    if let context = knownContext(for: call) {
      context.enter(call)
      return context
    }
    let reference = spareContexts.take(call) ?? .passRetained(Context(self, call))
    if let prepare = TestDoubles.prepare { prepare(reference.takeUnretainedValue()) }
    let status = host.table.pointee.set_local(
      host.table, call, contextKey, reference.toOpaque(), endContext)
    guard status == Status.ok else {
      reference.release()
      return nil
    }
    return reference.takeUnretainedValue()
  }

  /// The context for a call that this unit made itself; the kernel does not keep it alive.
  func ownedContext(for call: egg_call) throws -> Context {
    let context = Context(self, call, owned: true)
    let status = host.table.pointee.set_local(
      host.table, call, contextKey, Unmanaged.passUnretained(context).toOpaque(), nil)
    try Status.check(status, "anonymous context")
    TestDoubles.prepare?(context)
    return Context(handing: context)
  }

  /// Under which a request's context is kept.
  nonisolated var contextKey: UnsafeRawPointer {
    UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
  }

  fileprivate func ended(_ reference: Unmanaged<Context>) { spareContexts.giveBack(reference) }

  private func knownContext(for call: egg_call) -> Context? {
    host.table.pointee.local(host.table, call, contextKey).map {
      Unmanaged<Context>.fromOpaque($0).takeUnretainedValue()
    }
  }

  /// Before `call` is settled: the context must not use it any more.
  func leave(_ call: egg_call) {
    guard call.token != 0 else { return }
    knownContext(for: call)?.leave(call)
  }

  /// Runs `body` with a call that is lent and not this unit's to settle.
  func visit<R>(_ call: egg_call, _ body: () throws -> R) rethrows -> R {
    guard call.token != 0, knownContext(for: call)?.holds(call) != true else { return try body() }
    defer { leave(call) }
    return try body()
  }

  // MARK: values that leave

  /// Lends memory in which values are laid out; it is used again and again.
  @inline(__always)
  func withMemory<R>(_ body: (ValueMemory) throws -> R) rethrows -> R {
    let memory = spareMemory.take() ?? ValueMemory()
    defer {
      memory.reset()
      spareMemory = memory
    }
    return try body(memory)
  }

  func objectOps(_ type: String) -> UnsafePointer<egg_object_ops> {
    if let known = objectOps[type] { return known }
    let ops = ObjectBox.makeOps(type: type)
    objectOps[type] = ops
    return ops
  }

  /// Puts a member's value where the caller reads it. Without a call it stays until the member
  /// is asked again.
  func answer(
    _ value: Value, to call: egg_call, at out: UnsafeMutablePointer<egg_value>,
    key: UnsafeRawPointer
  ) -> egg_status {
    if call.token != 0 { return host.store(value, in: call, at: out) }
    if let scalar = value.scalar {
      out.pointee = scalar
      return Status.ok
    }
    let memory = ValueMemory()
    out.pointee = memory.lay(value)
    kept[key] = (memory, value)
    return Status.ok
  }

  /// Calls another unit's method.
  func invoke(_ member: egg_member, _ name: String, _ args: [Value], _ call: egg_call)
    async throws -> Value
  {
    try await Awaited.value(host, name) { done, state in
      withEggValues(args) {
        host.table.pointee.invoke(host.table, call, member, $0, $1, done, state)
      }
    }
  }

  // MARK: phases

  fileprivate func run(_ phase: egg_phase, _ call: egg_call) -> egg_step {
    Self.current = self
    return Job.start(self, call) {
      try await self.run(phase)
      return .undefined
    }
  }

  private func run(_ phase: egg_phase) async throws {
    switch Int(phase) {
    case EGG_PHASE_REGISTER:
      try register()
    case EGG_PHASE_CONFIG_WILL_LOAD:
      for boot in boots { try await boot.configWillLoad() }
      for boot in agentBoots { try await boot.configWillLoad() }
    case EGG_PHASE_CONFIG_DID_LOAD:
      application.config.freeze()
      for step in atConfiguration { try step() }
      for boot in boots { try await boot.configDidLoad() }
      for boot in agentBoots { try await boot.configDidLoad() }
    case EGG_PHASE_LOAD:
      if info.runsApplication { for router in routers { try router(application) } }
    case EGG_PHASE_DID_LOAD:
      for boot in boots { try await boot.didLoad() }
      for boot in agentBoots { try await boot.didLoad() }
      try await runScopes { $0.takeBeforeStart() }
    case EGG_PHASE_WILL_READY:
      for boot in boots { try await boot.willReady() }
      for boot in agentBoots { try await boot.willReady() }
      try await runScopes { $0.takeBeforeStart() }
    case EGG_PHASE_DID_READY:
      for boot in boots { try await boot.didReady() }
      for boot in agentBoots { try await boot.didReady() }
      try await runScopes { $0.becomeReady() }
    case EGG_PHASE_SERVER_DID_READY:
      for boot in boots { try await boot.serverDidReady() }
      for boot in agentBoots { try await boot.serverDidReady() }
    case EGG_PHASE_BEFORE_CLOSE:
      try await close()
    default: break
    }
    try throwProblems()
  }

  private func register() throws {
    info = AppInfo(host)
    application = Application(self)
    if info.runsAgent { agent = Agent(self) }
    if info.env == "local" { ThrowSites.record() }
    try declare(UnitDeclaration(self))
    for boot in boots { try boot.register() }
    for boot in agentBoots { try boot.register() }
  }

  private func runScopes(_ take: (ApplicationBase) -> [Scope]) async throws {
    for target in [application as ApplicationBase?, agent].compactMap({ $0 }) {
      for scope in take(target) { try await scope() }
    }
  }

  /// Everything is asked to close, also after one of them failed; the first failure is reported.
  private func close() async throws {
    var first: (any Error)?
    func attempt(_ step: Scope) async {
      do { try await step() } catch { first = first ?? error }
    }
    for boot in agentBoots.reversed() { await attempt { try await boot.beforeClose() } }
    for boot in boots.reversed() { await attempt { try await boot.beforeClose() } }
    for target in [agent as ApplicationBase?, application].compactMap({ $0 }) {
      for scope in target.takeBeforeClose().reversed() { await attempt(scope) }
    }
    if let first { throw first }
  }

  func refused(_ status: egg_status, _ attempt: @autoclosure () -> String) {
    guard status != Status.ok else { return }
    problems.append(EggError(code: "EGG_REFUSED", "\(attempt()): \(Status.text(status))"))
  }

  private func throwProblems() throws {
    guard let first = problems.first else { return }
    var error = first
    if problems.count > 1 { error.message = problems.map(\.message).joined(separator: "\n") }
    problems = []
    throw error
  }
}

/// Work that the start or the end of an application waits for.
public typealias Scope = @MainActor () async throws -> Void

/// What the generated entry point of a unit calls.
public enum UnitEntry {
  /// - Parameters:
  ///   - host: the kernel's table.
  ///   - declare: says what the unit has; runs in `EGG_PHASE_REGISTER`.
  /// - Returns: the unit's table, nil when this kernel is not one that the unit can work with.
  nonisolated public static func start(
    _ host: UnsafeRawPointer?, _ id: UnsafePointer<CChar>?,
    _ declare: @escaping @MainActor (UnitDeclaration) throws -> Void
  ) -> UnsafeRawPointer? {
    guard let host, let id, let tables = Host(host) else { return nil }
    return unsafeBitCast(make, to: Make.Plain.self)(tables, String(cString: id), declare)
  }

  private enum Make {
    typealias OnLoop =
      @MainActor (Host, String, @escaping @MainActor (UnitDeclaration) throws -> Void) ->
      UnsafeRawPointer?
    typealias Plain =
      (Host, String, @escaping @MainActor (UnitDeclaration) throws -> Void) -> UnsafeRawPointer?
  }
  nonisolated private static var make: Make.OnLoop { { Unit($0, $1, $2).table() } }
}

private let runPhase = unsafeBitCast(
  { state, phase, call in
    guard let state else { return Step.done }
    return Unmanaged<Unit>.fromOpaque(state).takeUnretainedValue().run(phase, call)
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, egg_phase, egg_call) -> egg_step,
  to: (@convention(c) (UnsafeMutableRawPointer?, egg_phase, egg_call) -> egg_step).self)

private let endContext = unsafeBitCast(
  { context in
    guard let context else { return }
    let reference = Unmanaged<Context>.fromOpaque(context)
    reference._withUnsafeGuaranteedRef { context in
      context.end()
      context.unit.ended(reference)
    }
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
