internal import PluginABI

/// One chain at work for one request: a task, and the place where it waits for the layers of
/// other units that lie below.
final class Run {
  let chain: Chain
  let ctx: Context
  private var call: egg_call
  /// How far the request has come; `next()` of a layer above that is a second one.
  ///
  /// `nonisolated(unsafe)`: a middleware is on the main actor, and calls `next()` there.
  private nonisolated(unsafe) var deepest = 0
  private var state = State.starting
  private var failure: (any Error)?
  private var task: Task<Void, Never>?
  private var waiting: UnsafeContinuation<Void, any Error>?
  /// Set when another unit runs this as one of its middlewares: what lies below is its object.
  private let below: ForeignObject?

  nonisolated deinit {}

  private enum State { case starting, finished, later }

  private init(_ chain: Chain, _ ctx: Context, _ call: egg_call, below: ForeignObject? = nil) {
    self.chain = chain
    self.ctx = ctx
    self.call = call
    self.below = below
  }

  static func start(_ chain: Chain, _ ctx: Context, _ call: egg_call) -> egg_step {
    let run = Run(chain, ctx, call)
    let task = ImmediateTask.start { await run.run() }
    if run.state == .finished {
      ctx.leave(run.call)
      guard let failure = run.failure else { return Step.done }
      return chain.unit.host.fail(run.call, failure)
    }
    run.state = .later
    run.task = task
    // While the layers below run the call is theirs; `resume` listens on the next one.
    if run.waiting == nil { run.listenForCancel() }
    return Step.later
  }

  /// Runs a middleware inside a call that somebody else settles.
  static func inside(_ chain: Chain, _ ctx: Context, below: ForeignObject?) async throws {
    let run = Run(chain, ctx, ctx.token, below: below)
    await run.run()
    if let failure = run.failure { throw failure }
  }

  private func run() async {
    do {
      try await chain.steps[0].run(ctx, Next(run: self, place: 0))
    } catch {
      failure = error
    }
    settle()
  }

  private func settle() {
    guard state == .later else {
      state = .finished
      return
    }
    task = nil
    ctx.leave(call)
    let host = chain.unit.host
    if let failure {
      _ = host.fail(call, failure)
    } else {
      _ = host.table.pointee.finish(host.table, call, nil)
    }
  }

  /// Notes that the layer at `place` goes on.
  ///
  /// - Throws: when it did before.
  nonisolated func goOn(from place: Int) throws {
    guard deepest == place else {
      throw EggError(code: "EGG_NEXT_TWICE", "next() called multiple times")
    }
    deepest = place + 1
  }

  func runBelow() async throws {
    if let below {
      try await below.invoke("next", ctx: ctx)
      return
    }
    let host = chain.unit.host
    ctx.leave(call)
    try await withUnsafeThrowingContinuation { continuation in
      waiting = continuation
      let reference = Unmanaged.passRetained(self)
      let step = host.table.pointee.next(host.table, call, resumeRun, reference.toOpaque())
      guard step == Step.stale else { return }
      reference.release()
      waiting = nil
      continuation.resume(throwing: EggError(code: "EGG_STALE", "the request has ended"))
    }
  }

  fileprivate func resume(_ call: egg_call, _ outcome: egg_outcome) {
    self.call = call
    ctx.enter(call)
    if state == .later { listenForCancel() }
    let continuation = waiting
    waiting = nil
    switch outcome.result(chain.unit.host) {
    case .success: continuation?.resume()
    case .failure(let error): continuation?.resume(throwing: error)
    }
  }

  private func listenForCancel() {
    let host = chain.unit.host
    _ = host.table.pointee.on_cancel(
      host.table, call, cancelRun, Unmanaged.passUnretained(self).toOpaque())
  }

  fileprivate func cancel() { task?.cancel() }
}

/// The rest of the onion, as a middleware sees it: `try await next()`.
///
/// It stays on its caller's actor: each way to the main actor and back is a switch of executors, and a
/// request makes one for every layer as it is.
public nonisolated struct Next: Sendable {
  let run: Run
  let place: Int

  /// Runs everything below and comes back when it has finished.
  ///
  /// - Throws: what the layers below throw; `EggError` when it is called a second time.
  public func callAsFunction() async throws {
    try run.goOn(from: place)
    let below = place + 1
    guard below < run.chain.steps.count else { return try await run.runBelow() }
    try await run.chain.steps[below].run(run.ctx, Next(run: run, place: below))
  }
}

private let resumeRun = unsafeBitCast(
  { call, state, outcome in
    guard let state else { return Step.done }
    Unmanaged<Run>.fromOpaque(state).takeRetainedValue().resume(call, outcome.pointee)
    return Step.later
  }
    as @MainActor @convention(c) (
      egg_call, UnsafeMutableRawPointer?, UnsafePointer<egg_outcome>
    ) -> egg_step,
  to: egg_resume.self)

private let cancelRun = unsafeBitCast(
  { state in
    guard let state else { return }
    Unmanaged<Run>.fromOpaque(state).takeUnretainedValue().cancel()
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
