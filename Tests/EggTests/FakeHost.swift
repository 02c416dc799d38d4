import Glibc
import PluginABI

@testable import Egg

// A kernel in miniature: enough of the header's tables to run a unit's handlers, synchronously and
// asynchronously, and to look at what they did. One file because it is one table after the other.

/// One request and its answer.
nonisolated final class FakeRequest {
  var method = "GET"
  var target = "/"
  var headers: [(String, String)] = []
  var params: [(String, String)] = []
  var remoteAddress = "127.0.0.1"
  var isSecure = false
  var body: Value = [:]

  var status = 404
  var statusWasSet = false
  var responseHeaders: [(String, String)] = []
  var kind = Int(EGG_BODY_UNSET)
  var bytes: [UInt8] = []
  var file: (descriptor: Int32, offset: Int, length: Int)?
  var streamed: [UInt8] = []
  var streamComplete: Bool?

  var state: [String: Value] = [:]
  var locals:
    [UnsafeRawPointer: (
      UnsafeMutableRawPointer?, (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
    )] = [:]
  let memory = ValueMemory()
  var retained: [Value] = []
  var handlers: [egg_handler] = []
  var frames: [(place: Int, resume: egg_resume, state: UnsafeMutableRawPointer?)] = []
  var failure: EggError?
  var isDone = false
  var cancel: (@convention(c) (UnsafeMutableRawPointer?) -> Void, UnsafeMutableRawPointer?)?

  init(_ method: String = "GET", _ target: String = "/", _ headers: [(String, String)] = []) {
    self.method = method
    self.target = target
    self.headers = headers
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }
  func responseHeader(_ name: String) -> String? {
    responseHeaders.first { $0.0.lowercased() == name.lowercased() }?.1
  }
  func cookies() -> [String] {
    responseHeaders.filter { $0.0.lowercased() == "set-cookie" }.map(\.1)
  }

  func end() {
    for (value, release) in locals.values { release?(value) }
    locals = [:]
    isDone = true
  }
}

/// What a live token stands for.
nonisolated final class FakeCall {
  enum Kind {
    case layer(Int)
    case method((Result<Value, any Error>) -> Void)
    case context
  }
  let request: FakeRequest
  let kind: Kind
  init(_ request: FakeRequest, _ kind: Kind) {
    self.request = request
    self.kind = kind
  }
}

nonisolated struct FakeRoute {
  var name, methods, path, controller, file: String
  var line: Int
  var flags: Int
  var handlers: [egg_handler]
}

nonisolated final class FakeKernel: @unchecked Sendable {
  let table = UnsafeMutablePointer<egg_host>.allocate(capacity: 1)
  let http = UnsafeMutablePointer<egg_http>.allocate(capacity: 1)
  let router = UnsafeMutablePointer<egg_router>.allocate(capacity: 1)
  let loop = UnsafeMutablePointer<egg_loop>.allocate(capacity: 1)
  let app = UnsafeMutablePointer<egg_app>.allocate(capacity: 1)
  let crypto = UnsafeMutablePointer<egg_crypto>.allocate(capacity: 1)
  private(set) var host: Host!

  var config: Value = [:]
  var process = EGG_PROCESS_SINGLE
  var logs: [(level: Int, message: String, fields: Value)] = []
  var middlewares: [String: egg_middleware] = [:]
  var methods: [String: egg_method] = [:]
  var properties: [String: egg_property] = [:]
  var directories: [String: egg_directory] = [:]
  var exports: [String: Value] = [:]
  var routes: [FakeRoute] = []
  var resources: [(name: String, path: String, actions: [String])] = []
  var redirects: [(String, String, Int)] = []
  var events: [(String, Value)] = []
  var listeners:
    [(
      String, @convention(c) (UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_value>) -> Void,
      UnsafeMutableRawPointer?
    )] = []
  var calls: [UInt64: FakeCall] = [:]
  var lastToken: UInt64 = 0
  var members: [String] = []
  var queue: [() -> Void] = []
  var streams: [UInt64: (FakeRequest, egg_stream_source)] = [:]
  var streamRoom = Int.max
  let memory = ValueMemory()
  var retained: [Value] = []
  private var plugin: UnsafePointer<egg_plugin>!

  init() {
    zero(table)
    zero(http)
    zero(router)
    zero(loop)
    zero(app)
    zero(crypto)
    fillHost()
    fillHTTP()
    fillRouter()
    fillOthers()
    host = Host(UnsafeRawPointer(table))
  }

  private func zero<T>(_ table: UnsafeMutablePointer<T>) {
    memset(table, 0, MemoryLayout<T>.size)
  }

  static func of(_ host: UnsafePointer<egg_host>) -> FakeKernel {
    Unmanaged<FakeKernel>.fromOpaque(host.pointee.private_data!).takeUnretainedValue()
  }

  func call(_ request: FakeRequest, _ kind: FakeCall.Kind) -> egg_call {
    lastToken += 1
    calls[lastToken] = FakeCall(request, kind)
    return egg_call(token: lastToken)
  }

  func spend(_ call: egg_call) -> FakeCall? { calls.removeValue(forKey: call.token) }

  // MARK: running

  /// Does what was noted until nothing is left to do at once.
  func pump() {
    while !queue.isEmpty { queue.removeFirst()() }
  }

  /// The same, and lets tasks run until `done`.
  @MainActor func pump(until done: () -> Bool) async {
    for _ in 0..<10_000 {
      pump()
      if done() { return }
      await Task.yield()
    }
  }

  func enter(_ request: FakeRequest, _ place: Int) {
    guard place < request.handlers.count else { return unwind(request, nil) }
    let call = call(request, .layer(place))
    let handler = request.handlers[place]
    settled(request, place, handler.handle(handler.instance, call), call)
  }

  private func settled(_ request: FakeRequest, _ place: Int, _ step: egg_step, _ call: egg_call) {
    if Int(step) == EGG_STEP_DONE {
      _ = spend(call)
      unwind(request, nil)
    } else if Int(step) == EGG_STEP_PASS {
      _ = spend(call)
      enter(request, place + 1)
    }
  }

  func unwind(_ request: FakeRequest, _ error: EggError?) {
    guard let frame = request.frames.popLast() else {
      request.failure = error
      request.end()
      return
    }
    let call = call(request, .layer(frame.place))
    var outcome = egg_outcome()
    outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
    if let error {
      outcome.kind = Int32(EGG_OUTCOME_FAILED)
      withEggError(error) {
        outcome.error = $0
        settled(request, frame.place, frame.resume(call, frame.state, &outcome), call)
      }
    } else {
      settled(request, frame.place, frame.resume(call, frame.state, &outcome), call)
    }
  }

  /// Runs a request through handlers and waits for its end.
  @MainActor func run(_ request: FakeRequest, _ handlers: [egg_handler]) async {
    request.handlers = handlers
    enter(request, 0)
    await pump { request.isDone }
  }

  /// The same without waiting; the handlers must not suspend.
  func runNow(_ request: FakeRequest, _ handlers: [egg_handler]) {
    request.handlers = handlers
    enter(request, 0)
    pump()
  }

  func settle(_ call: egg_call, _ result: Result<Value, EggError>) -> egg_step {
    guard let known = spend(call) else { return egg_step(EGG_STEP_STALE) }
    queue.append { [self] in
      switch known.kind {
      case .layer:
        if case .failure(let error) = result {
          unwind(known.request, error)
        } else {
          unwind(known.request, nil)
        }
      case .method(let done): done(result.mapError { $0 })
      case .context: known.request.end()
      }
    }
    return egg_step(EGG_STEP_LATER)
  }

  // MARK: a unit

  /// Starts a unit and runs the phases up to the last one named.
  @MainActor func load(
    through last: Int = EGG_PHASE_DID_READY,
    _ declare: @escaping @MainActor (UnitDeclaration) throws -> Void
  ) async throws {
    let pointer = UnitEntry.start(UnsafeRawPointer(table), "test", declare)
    plugin = pointer!.assumingMemoryBound(to: egg_plugin.self)
    for phase in EGG_PHASE_REGISTER...last { try await self.phase(phase) }
  }

  @MainActor func phase(_ phase: Int) async throws {
    var outcome: Result<Value, any Error>?
    let call = call(FakeRequest(), .method { outcome = $0 })
    let step = plugin.pointee.on_phase(plugin.pointee.`self`, egg_phase(phase), call)
    if Int(step) == EGG_STEP_DONE { return }
    await pump { outcome != nil }
    _ = try outcome?.get()
  }

  @MainActor func invoke(_ name: String, _ args: [Value], _ request: FakeRequest) async throws
    -> Value
  {
    guard let method = methods[name] else { throw EggError("no method \(name)") }
    return try await invoke(request, args) { method.invoke(method.`self`, $0, $1, $2, $3) }
  }

  @MainActor func invoke(
    _ request: FakeRequest, _ args: [Value],
    _ start: (egg_call, UnsafePointer<egg_value>?, UInt32, UnsafeMutablePointer<egg_value>) ->
      egg_step
  ) async throws -> Value {
    var outcome: Result<Value, any Error>?
    let call = call(request, .method { outcome = $0 })
    var result = egg_value()
    let step = withEggValues(args) { start(call, $0, $1, &result) }
    if Int(step) == EGG_STEP_DONE { return Value(result, host: host) }
    await pump { outcome != nil }
    return try outcome!.get()
  }

  // MARK: host table

  private func fillHost() {
    table.pointee.size = UInt32(MemoryLayout<egg_host>.size)
    table.pointee.abi_major = 1
    table.pointee.private_data = Unmanaged.passUnretained(self).toOpaque()
    table.pointee.query = { h, id in
      let kernel = FakeKernel.of(h)
      return switch String(cString: id) {
      case EGG_HTTP_ID: UnsafeRawPointer(kernel.http)
      case EGG_ROUTER_ID: UnsafeRawPointer(kernel.router)
      case EGG_LOOP_ID: UnsafeRawPointer(kernel.loop)
      case EGG_APP_ID: UnsafeRawPointer(kernel.app)
      case EGG_CRYPTO_ID: UnsafeRawPointer(kernel.crypto)
      default: nil
      }
    }
    table.pointee.log = { h, _, level, message, fields in
      let kernel = FakeKernel.of(h)
      let value = fields.map { Value($0.pointee, host: kernel.host) } ?? .undefined
      kernel.logs.append((Int(level), message.string, value))
    }
    table.pointee.add_middleware = { h, item in
      FakeKernel.of(h).middlewares[String(cString: item.pointee.name)] = item.pointee
      return 0
    }
    table.pointee.add_method = { h, item in
      FakeKernel.of(h).methods[String(cString: item.pointee.name)] = item.pointee
      return 0
    }
    table.pointee.add_property = { h, item in
      FakeKernel.of(h).properties[String(cString: item.pointee.name)] = item.pointee
      return 0
    }
    table.pointee.add_directory = { h, item in
      FakeKernel.of(h).directories[String(cString: item.pointee.path)] = item.pointee
      return 0
    }
    table.pointee.add_export = { h, path, value in
      let kernel = FakeKernel.of(h)
      kernel.exports[path.string] = Value(value.pointee, host: kernel.host)
      return 0
    }
    table.pointee.publish = { _, _, _ in 0 }
    table.pointee.make_middleware = { h, name, options, out in
      guard let item = FakeKernel.of(h).middlewares[name.string] else {
        return egg_status(EGG_E_NOT_FOUND)
      }
      var message = egg_str()
      var value = options?.pointee ?? egg_value()
      out.pointee.handle = item.handle
      return item.make!(item.`self`, &value, &out.pointee.instance, &message)
    }
    table.pointee.config = { h, path, out in
      let kernel = FakeKernel.of(h)
      let value = kernel.config.at(path.string)
      kernel.retained.append(value)
      out.pointee = kernel.memory.lay(value)
      return value.isUndefined ? egg_status(EGG_E_NOT_FOUND) : 0
    }
    table.pointee.set_config = { h, path, value, _ in
      let kernel = FakeKernel.of(h)
      kernel.config[path.string] = Value(value.pointee, host: kernel.host)
      return 0
    }
    table.pointee.finish = { h, call, value in
      let kernel = FakeKernel.of(h)
      let copy = value.map { Value($0.pointee, host: kernel.host) } ?? .undefined
      return kernel.settle(call, .success(copy))
    }
    table.pointee.fail = { h, call, error in
      let kernel = FakeKernel.of(h)
      return kernel.settle(call, .failure(EggError(error.pointee, host: kernel.host)))
    }
    table.pointee.next = { h, call, resume, state in
      let kernel = FakeKernel.of(h)
      guard let known = kernel.spend(call), case .layer(let place) = known.kind else {
        return egg_step(EGG_STEP_STALE)
      }
      known.request.frames.append((place, resume!, state))
      kernel.queue.append { kernel.enter(known.request, place + 1) }
      return egg_step(EGG_STEP_LATER)
    }
    table.pointee.resolve = { h, _, name, out in
      let kernel = FakeKernel.of(h)
      let name = name.string
      guard kernel.methods[name] != nil || kernel.properties[name] != nil else {
        return egg_status(EGG_E_NOT_FOUND)
      }
      kernel.members.append(name)
      out.pointee.id = UInt64(kernel.members.count)
      return 0
    }
    table.pointee.invoke = { h, call, member, args, count, done, state in
      let kernel = FakeKernel.of(h)
      let method = kernel.methods[kernel.members[Int(member.id) - 1]]!
      return kernel.start(call, args, count, done, state) {
        method.invoke(method.`self`, $0, $1, $2, $3)
      }
    }
    table.pointee.invoke_object = { h, call, object, name, args, count, done, state in
      let kernel = FakeKernel.of(h)
      let name = name.string
      return kernel.start(call, args, count, done, state) { call, args, count, out in
        name.withEggString {
          object.pointee.ops.pointee.invoke!(object, call, $0, args, count, out)
        }
      }
    }
    table.pointee.invoke_now = { h, call, member, args, count, out, _ in
      let kernel = FakeKernel.of(h)
      guard let known = kernel.calls[call.token] else { return egg_status(EGG_E_STALE) }
      let method = kernel.methods[kernel.members[Int(member.id) - 1]]!
      let inner = kernel.call(known.request, .method { _ in })
      let step = method.invoke(method.`self`, inner, args, count, out)
      return Int(step) == EGG_STEP_DONE ? 0 : egg_status(EGG_E_UNSUPPORTED)
    }
    table.pointee.get = { h, call, member, out in
      let kernel = FakeKernel.of(h)
      let item = kernel.properties[kernel.members[Int(member.id) - 1]]!
      return item.get(item.`self`, call, out)
    }
    table.pointee.set = { h, call, member, value in
      let kernel = FakeKernel.of(h)
      let item = kernel.properties[kernel.members[Int(member.id) - 1]]!
      return item.set!(item.`self`, call, value)
    }
    table.pointee.alloc = { h, call, size, _ in
      FakeKernel.of(h).calls[call.token]?.request.memory.allocate(size)
    }
    table.pointee.copy = { h, call, value, out in
      let kernel = FakeKernel.of(h)
      guard let request = kernel.calls[call.token]?.request else { return egg_status(EGG_E_STALE) }
      let copy = Value(value.pointee, host: kernel.host)
      request.retained.append(copy)
      out.pointee = request.memory.lay(copy)
      return 0
    }
    table.pointee.state = { h, call, name, out in
      guard let request = FakeKernel.of(h).calls[call.token]?.request else {
        return egg_status(EGG_E_STALE)
      }
      out.pointee = request.memory.lay(request.state[name.string] ?? .undefined)
      return 0
    }
    table.pointee.set_state = { h, call, name, value in
      let kernel = FakeKernel.of(h)
      guard let request = kernel.calls[call.token]?.request else { return egg_status(EGG_E_STALE) }
      request.state[name.string] = Value(value.pointee, host: kernel.host)
      return 0
    }
    table.pointee.local = { h, call, key in
      FakeKernel.of(h).calls[call.token]?.request.locals[key]?.0
    }
    table.pointee.set_local = { h, call, key, value, release in
      guard let request = FakeKernel.of(h).calls[call.token]?.request else {
        return egg_status(EGG_E_STALE)
      }
      request.locals[key] = (value, release)
      return 0
    }
    table.pointee.on_cancel = { h, call, hook, state in
      guard let request = FakeKernel.of(h).calls[call.token]?.request else {
        return egg_status(EGG_E_STALE)
      }
      request.cancel = (hook, state)
      return 0
    }
    table.pointee.cancelled = { _, _ in false }
  }

  /// Runs a method on behalf of `call` and reports to `done` later.
  func start(
    _ call: egg_call, _ args: UnsafePointer<egg_value>?, _ count: UInt32,
    _ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?,
    _ body:
      @escaping (egg_call, UnsafePointer<egg_value>?, UInt32, UnsafeMutablePointer<egg_value>)
      -> egg_step
  ) -> egg_status {
    let request = calls[call.token]?.request ?? FakeRequest()
    let copies = (0..<Int(count)).map { Value(args![$0], host: host) }
    func report(_ result: Result<Value, any Error>) {
      var outcome = egg_outcome()
      switch result {
      case .success(let value):
        withEggValue(value) {
          outcome.value = $0.pointee
          done(state, &outcome)
        }
      case .failure(let error):
        outcome.kind = Int32(EGG_OUTCOME_FAILED)
        withEggError(EggError(error)) {
          outcome.error = $0
          done(state, &outcome)
        }
      }
    }
    let inner = self.call(request, .method(report))
    queue.append { [self] in
      var result = egg_value()
      let step = withEggValues(copies) { body(inner, $0, $1, &result) }
      guard Int(step) == EGG_STEP_DONE else { return }
      _ = spend(inner)
      withExtendedLifetime(request) { report(.success(Value(result, host: host))) }
    }
    return 0
  }
}
