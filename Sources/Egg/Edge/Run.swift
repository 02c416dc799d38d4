internal import PluginABI

/// One chain at work for one request: a task, and the place where it waits for the layers of
/// other units that lie below.
final class Run {
  private let chain: Chain
  let ctx: Context
  private var call: egg_call
  /// How far the request has come; `next()` of a layer above that is a second one.
  private var deepest = 0
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
    run.listenForCancel()
    return Step.later
  }

  /// Runs a middleware inside a call that somebody else settles.
  static func inside(_ chain: Chain, _ ctx: Context, below: ForeignObject?) async throws {
    let run = Run(chain, ctx, ctx.token, below: below)
    await run.run()
    if let failure = run.failure { throw failure }
  }

  // Each await of a main actor function costs some sixty nanoseconds for asking whether this is the
  // main actor's executor. That is why the layers are entered from two places and not through a
  // function in between.

  private func run() async {
    do {
      switch chain.layers[0] {
      case .middleware(let middleware): try await middleware(ctx, Next(run: self, place: 0))
      case .action(let action): try action(ctx)
      case .asyncAction(let action): try await action(ctx)
      case .asyncMethod(let method): try await method(ctx)()
      }
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
  func goOn(from place: Int) throws {
    guard deepest == place else {
      throw EggError(code: "EGG_NEXT_TWICE", "next() called multiple times")
    }
    deepest = place + 1
  }

  func layer(_ place: Int) -> Layer? {
    place < chain.layers.count ? chain.layers[place] : nil
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
public struct Next {
  let run: Run
  let place: Int

  /// Runs everything below and comes back when it has finished.
  ///
  /// - Throws: what the layers below throw; `EggError` when it is called a second time.
  public func callAsFunction() async throws {
    try run.goOn(from: place)
    switch run.layer(place + 1) {
    case .middleware(let middleware)?:
      try await middleware(run.ctx, Next(run: run, place: place + 1))
    case .action(let action)?: try action(run.ctx)
    case .asyncAction(let action)?: try await action(run.ctx)
    case .asyncMethod(let method)?: try await method(run.ctx)()
    case nil: try await run.runBelow()
    }
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
