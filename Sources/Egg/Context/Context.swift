internal import PluginABI

/// One request and its answer, or a context that was made without one.
///
/// Every unit has one context object for each request. It is of no use after the request has
/// ended: reading gives nothing, writing has no effect.
public final class Context {
  let unit: Unit
  /// The call that is ours at this moment; zero when there is none.
  private(set) var token: egg_call
  /// Calls below it that are still to be settled, when methods of this unit are nested.
  private var outer: [egg_call] = []
  /// Views into the request's head, read at the first look.
  private var knownHead = egg_request()
  private var knowsHead = false
  private var lazily: Lazy?

  init(_ unit: Unit, _ call: egg_call, owned: Bool = false) {
    self.unit = unit
    token = call
    self.owned = owned ? call.token : 0
    core = nil
  }

  /// The call of a context that was made without a request; it ends when nobody holds this object.
  private let owned: UInt64

  /// What the services and other parts of a context without a request hold in place of it, so that
  /// it is not kept alive by what it keeps. The call is that one's.
  let core: Context?

  /// The object that is handed out for a context without a request.
  init(handing core: Context) {
    unit = core.unit
    token = core.token
    owned = 0
    self.core = core
    lazily = core.lazy
  }

  nonisolated deinit {
    if owned != 0 { OwnedContext.end(unit.host, unit, owned) }
    if let core { OwnedContext.abandon(core, unit, core.owned) }
  }

  /// Nobody can ask the context any more for what it keeps; services that somebody holds go on.
  func abandon() {
    let rest = Lazy()
    rest.params = lazily?.params
    rest.ip = lazily?.ip
    lazily = rest
    isAbandoned = true
  }

  private(set) var isAbandoned = false

  var kernel: Host { unit.host }

  public var app: Application { unit.application }

  // MARK: the call in hand

  func enter(_ call: egg_call) {
    guard token.token != call.token else { return }
    if token.token != 0 { outer.append(token) }
    token = call
  }

  func leave(_ call: egg_call) {
    if token.token == call.token {
      token = outer.popLast() ?? noCall
    } else if !outer.isEmpty {
      outer.removeAll { $0.token == call.token }
    }
  }

  func holds(_ call: egg_call) -> Bool {
    token.token == call.token || outer.contains { $0.token == call.token }
  }

  /// The request is over; what was lent by it is gone.
  func end() {
    token = noCall
    if !outer.isEmpty { outer = [] }
    knowsHead = false
    if lazily != nil { lazily = nil }
    if isAbandoned { isAbandoned = false }
  }

  /// A context that has ended, as a new one.
  func begin(_ call: egg_call) { token = call }

  var head: egg_request {
    if knowsHead { return knownHead }
    var head = egg_request()
    head.size = UInt32(MemoryLayout<egg_request>.size)
    guard kernel.http.pointee.request(kernel.table, token, &head) == Status.ok else {
      return egg_request()
    }
    knownHead = head
    knowsHead = true
    return head
  }

  // MARK: what is made when it is asked for

  /// Things that most requests do not need.
  final class Lazy {
    var services: [ObjectIdentifier: Service] = [:]
    var storage: [ObjectIdentifier: Any] = [:]
    var helper: Helper?
    var cookies: Cookies?
    var query: Query?
    var localsReady = false
    var ip: String?
    var body: (any Encodable)?
    /// What was last made of the request's body, and of which tree.
    var requestBody: (tree: UnsafeRawPointer, value: Value)?
    var realStatus: Int?
    /// Of a context that was made for a request without being it.
    var params: ValueMap?

    nonisolated deinit {}
  }

  var lazy: Lazy {
    if let lazily { return lazily }
    let made = Lazy()
    lazily = made
    return made
  }

  var lazyIfAny: Lazy? { lazily }

  public var request: Request { Request(ctx: self) }
  public var response: Response { Response(ctx: self) }

  /// A service, made at the first look and kept for this request. The loader writes
  /// `ctx.service.user`, which calls this.
  public func service<S: Service>(_ type: S.Type) -> S {
    if let known = lazily?.services[ObjectIdentifier(type)] {
      return unsafeDowncast(known, to: type)
    }
    let service = makeService(type)
    if isAbandoned { return service }
    lazy.services[ObjectIdentifier(type)] = service
    return service
  }

  private func makeService<S: Service>(_ type: S.Type) -> S {
    guard !TestDoubles.services.isEmpty, let maker = TestDoubles.services[ObjectIdentifier(type)]
    else { return S(core ?? self) }
    // It is a subclass; what registered it saw to that.
    return unsafeDowncast(maker(core ?? self), to: type)
  }

  public var helper: Helper {
    if let known = lazily?.helper { return known }
    let helper = Helper(core ?? self)
    if isAbandoned { return helper }
    lazy.helper = helper
    return helper
  }

  /// Something of a plugin's, one per request.
  public subscript<Key: StorageKey>(key: Key.Type) -> Key.Value? {
    get { lazily?.storage[ObjectIdentifier(key)] as? Key.Value }
    set { lazy.storage[ObjectIdentifier(key)] = newValue }
  }

  /// The log; lines begin with user, address, trace id, time used, method and url.
  public var logger: Logger { Logger(unit, context: self, face: unit.loggerFaces.own) }
  public var coreLogger: Logger { Logger(unit, context: self, face: unit.loggerFaces.core) }
  /// A log by its key in `config.customLogger`; nil when there is none.
  public func getLogger(_ name: String) -> Logger? {
    kernel.logger(name).map { Logger(unit, context: self, face: $0) }
  }

  /// Who asks, for the bracket of this request's log lines: set it when the user is known. Kept in
  /// `ctx.state.userId`.
  public var userId: Value {
    get { state["userId"] }
    set { state["userId"] = newValue }
  }

  // MARK: other units

  /// A property that another unit added: `ctx.extension("session")`. `.undefined` when nobody did.
  public func `extension`(_ name: String) -> Value {
    self.extension(name, on: Int(EGG_ON_CONTEXT))
  }

  func `extension`(_ name: String, on target: Int) -> Value {
    guard let member = kernel.resolve(target, name) else { return .undefined }
    var out = egg_value()
    guard kernel.table.pointee.get(kernel.table, token, member, &out) == Status.ok else {
      return .undefined
    }
    return Value(out, host: kernel)
  }

  /// Sets a property that another unit added.
  ///
  /// - Throws: `EggError` when nobody did, or when it cannot be set.
  public func setExtension(_ name: String, _ value: Value) throws {
    guard let member = kernel.resolve(Int(EGG_ON_CONTEXT), name) else {
      throw EggError(code: "EGG_NOT_FOUND", "no unit adds \"\(name)\" to the context")
    }
    let status = withEggValue(value) { kernel.table.pointee.set(kernel.table, token, member, $0) }
    try Status.check(status, "ctx.\(name)")
  }

  /// Calls a method that another unit added: `try await ctx.call("renderView", "home.tpl")`.
  ///
  /// - Throws: what it throws; `EggError` when nobody added it.
  @discardableResult
  public func call(_ name: String, _ args: any Encodable...) async throws -> Value {
    try await call(name, on: Int(EGG_ON_CONTEXT), args.map { Value($0) })
  }

  func call(_ name: String, on target: Int, _ args: [Value]) async throws -> Value {
    guard let member = kernel.resolve(target, name) else {
      throw EggError(code: "EGG_NOT_FOUND", "no unit adds \"\(name)\" to the context")
    }
    return try await unit.invoke(member, name, args, token)
  }

  /// Calls an immediate method that another unit added, at once.
  @discardableResult
  public func callNow(_ name: String, _ args: any Encodable...) throws -> Value {
    try callNow(name, on: Int(EGG_ON_CONTEXT), args.map { Value($0) })
  }

  func callNow(_ name: String, on target: Int, _ args: [Value]) throws -> Value {
    guard let member = kernel.resolve(target, name) else {
      throw EggError(code: "EGG_NOT_FOUND", "no unit adds \"\(name)\" to the context")
    }
    var out = egg_value()
    var failure: UnsafePointer<egg_error>?
    let status = withEggValues(args) {
      kernel.table.pointee.invoke_now(kernel.table, token, member, $0, $1, &out, &failure)
    }
    if let failure, status == Status.failed { throw EggError(failure.pointee, host: kernel) }
    try Status.check(status, "ctx.\(name)")
    return Value(out, host: kernel)
  }
}
