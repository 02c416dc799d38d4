import Glibc

/// The one loop of a process: descriptors, timers, posted work, and all of Swift's concurrency.
///
///     let loop = try EventLoop.install()     // first thing in main, before anything async
///     try loop.register(socket, [.read, .edge], listener)
///     loop.run()                             // until loop.stop()
///
/// Loop thread only, except `mailbox`. The loop thread is the one that called `install`; Swift's
/// main actor and everything without an actor of its own runs on it as well, so
/// `MainActor.assumeIsolated` succeeds in every callback.
///
/// One iteration: queued work (until none is left, or `fairness` pieces), `beforeSleep` hooks,
/// waiting for descriptors until the next timer, their events, signals, timers, coarse deadlines.
@safe package final class EventLoop {
  /// The loop of this process, nil before `install`.
  ///
  /// `nonisolated(unsafe)`: written once by `install`, before there is a second thread.
  package nonisolated(unsafe) private(set) static var installed: EventLoop?

  /// The loop of this process. Only after `install`.
  package static var current: EventLoop {
    guard let loop = unsafe installed else {
      preconditionFailure("EventLoop.install() comes first in main")
    }
    return loop
  }

  /// Pieces of work in a row before descriptors are looked at again.
  package static let fairness = 1024

  /// For other threads: posting work.
  package let mailbox: LoopMailbox
  /// Coarse deadlines of connections.
  package let deadlines: DeadlineWheel
  /// Monotonic nanoseconds, as of the start of the present batch of events.
  package private(set) var now: UInt64
  /// Seconds since 1970, as of the start of the present batch of events.
  package private(set) var wallSeconds: Int
  /// How many iterations were begun; a cheap "is this still the same turn".
  package private(set) var iterations: UInt64 = 0

  private var poller: Poller
  private var timers = TimerHeap()
  private var hooks: [() -> Void] = []
  private var eventHooks: [() -> Void] = []
  private var isStopping = false
  private var isIterating = false
  private(set) var executors: (main: LoopMainExecutor, task: LoopTaskExecutor)?
  var signals = SignalTable()

  // MARK: Making one

  /// Makes the calling thread the loop thread and the loop Swift's main and default executor.
  ///
  /// Call it once in `main`, before any task, actor or `DispatchQueue.main` is used; a second call
  /// returns the same loop. `SIGPIPE` no longer ends the process from then on.
  package static func install() throws(LoopError) -> EventLoop {
    if let loop = unsafe installed { return loop }
    let loop = try EventLoop()
    loop.executors = (LoopMainExecutor(loop), LoopTaskExecutor(loop))
    unsafe installed = loop
    LoopExecutorFactory.install()
    ignoreBrokenPipes()
    try DispatchMainQueue.watch(on: loop)
    return loop
  }

  /// Makes a loop that is not Swift's executor, for a test in a process that has its own. The
  /// calling thread is its loop thread.
  package init() throws(LoopError) {
    mailbox = try LoopMailbox()
    poller = try Poller()
    now = LoopClock.monotonic()
    wallSeconds = LoopClock.wallSeconds()
    deadlines = DeadlineWheel(now: now)
    // Edge-triggered, so the counter never has to be read back.
    try poller.register(mailbox.wakeDescriptor, [.read, .edge], ReadySource())
  }

  // MARK: Running

  /// Whether the caller runs on the loop thread.
  package var isOnLoop: Bool { mailbox.isOnLoop }

  /// Runs iterations until `stop`; returns at once when that was called before.
  package func run() {
    guard executors != nil else { return runIterations() }
    // As a job of the main actor's. Outside of any job the runtime finds out where it is by comparing
    // executors as existentials, at every isolated `deinit` and at every task that starts at once.
    let loop = unsafe UnsafeLoop(self)
    Task.immediate { @MainActor in unsafe loop.value.runIterations() }
  }

  private func runIterations() {
    while !isStopping { iterate(waiting: .max, afterWork: .max) }
    isStopping = false
  }

  /// Runs one iteration. It does not wait when it had work to run.
  /// - Parameter milliseconds: how long to wait at most when nothing happens; negative waits
  ///   without end.
  /// - Returns: whether there was queued work, an event or a timer.
  @discardableResult
  package func runOnce(timeout milliseconds: Int = -1) -> Bool {
    let limit = milliseconds < 0 ? .max : LoopClock.nanoseconds(milliseconds)
    return iterate(waiting: limit, afterWork: 0)
  }

  /// Ends `run` after the present iteration. From another thread: `mailbox.post`.
  package func stop() {
    isStopping = true
  }

  /// Runs `job` on the loop after everything queued before it. Loop thread; others use `mailbox`.
  package func post(_ job: @escaping () -> Void) {
    unsafe mailbox.local.push(.closure(job))
  }

  /// Calls `hook` in every iteration when the queued work is done, before waiting: the place to
  /// flush what the work produced. It may post work; the loop then does not wait.
  package func beforeSleep(_ hook: @escaping () -> Void) {
    hooks.append(hook)
  }

  /// Calls `hook` after each batch of events: the place to finish together what several of them began.
  package func afterEvents(_ hook: @escaping () -> Void) {
    eventHooks.append(hook)
  }

  // MARK: Descriptors

  /// Watches a descriptor and reports to `source`, which the loop keeps alive.
  /// - Throws: `.descriptor` if it is closed, watched already (`EEXIST`) or not pollable (`EPERM`).
  package func register(
    _ descriptor: Int32, _ interest: Interest, _ source: ReadySource
  ) throws(LoopError) {
    try poller.register(descriptor, interest, source)
  }

  /// Changes what a watched descriptor is watched for.
  package func modify(_ descriptor: Int32, _ interest: Interest) throws(LoopError) {
    try poller.modify(descriptor, interest)
  }

  /// Stops watching; call it before closing the descriptor. Events already fetched for it are
  /// dropped.
  package func deregister(_ descriptor: Int32) {
    poller.deregister(descriptor)
  }

  // MARK: Timers

  /// Calls `handler` once, `milliseconds` from now or a little later; never earlier.
  @discardableResult
  package func schedule(after milliseconds: Int, _ handler: @escaping () -> Void) -> TimerID {
    enqueue(timer: .closure(handler), after: LoopClock.nanoseconds(milliseconds))
  }

  /// Calls `handler` once at a time of the monotonic clock, in nanoseconds; a past time is now.
  @discardableResult
  package func schedule(at deadline: UInt64, _ handler: @escaping () -> Void) -> TimerID {
    timers.add(deadline: max(deadline, now), .closure(handler))
  }

  /// Calls `handler` every `milliseconds` (at least 1) until cancelled. Missed times are skipped.
  @discardableResult
  package func schedule(every milliseconds: Int, _ handler: @escaping () -> Void) -> TimerID {
    let interval = LoopClock.nanoseconds(max(1, milliseconds))
    return enqueue(timer: .closure(handler), after: interval, every: interval)
  }

  /// The C form: calls `function(context)` after, and with `interval` > 0 then every `interval` ms.
  @discardableResult
  package func schedule(
    after milliseconds: Int, every interval: Int = 0, _ function: @escaping LoopFunction,
    _ context: UnsafeMutableRawPointer?
  ) -> TimerID {
    unsafe enqueue(
      timer: .function(function, context), after: LoopClock.nanoseconds(milliseconds),
      every: LoopClock.nanoseconds(interval))
  }

  /// Cancels a timer, also from within its own handler.
  /// - Returns: false when it has fired or was cancelled before.
  @discardableResult
  package func cancel(_ timer: TimerID) -> Bool {
    let work = timers.cancel(timer)
    return work != nil
  }

  // MARK: For the executors

  /// Runs a job once `delay` nanoseconds have passed. Any thread.
  func enqueue(_ job: Work, after delay: UInt64) {
    let deadline = LoopClock.saturating(LoopClock.monotonic(), adding: delay)
    if isOnLoop {
      _ = timers.add(deadline: deadline, job)
    } else {
      let loop = unsafe UnsafeLoop(self)
      mailbox.enqueue(.closure { _ = unsafe loop.value.timers.add(deadline: deadline, job) })
    }
  }

  private func enqueue(timer: Work, after delay: UInt64, every interval: UInt64 = 0) -> TimerID {
    // The real time, not `now`: the present handler may have run for long, and a timer must not
    // fire early.
    let deadline = LoopClock.saturating(LoopClock.monotonic(), adding: delay)
    return timers.add(deadline: deadline, interval: interval, timer)
  }

  // MARK: One iteration

  @discardableResult
  private func iterate(waiting idleLimit: UInt64, afterWork busyLimit: UInt64) -> Bool {
    precondition(!isIterating, "a handler must not run the loop that called it")
    isIterating = true
    iterations &+= 1
    let hadWork = runWork()
    let limit = hadWork ? busyLimit : idleLimit
    for hook in hooks { hook() }
    let number = wait(limit)
    now = LoopClock.monotonic()
    wallSeconds = LoopClock.wallSeconds()
    for index in 0..<number {
      if let event = unsafe poller.event(index) {
        unsafe event.source._withUnsafeGuaranteedRef { unsafe $0.ready(event.events) }
      }
    }
    if number > 0 { for hook in eventHooks { hook() } }
    unsafe poller.endBatch().forEach { unsafe $0.release() }
    if signals.hasPending { deliverSignals() }
    let hadTimers = runTimers()
    deadlines.advance(to: now)
    isIterating = false
    return hadWork || number > 0 || hadTimers
  }

  /// - Returns: whether there was any.
  private func runWork() -> Bool {
    mailbox.collectForeign()
    var left = Self.fairness
    while left > 0, let work = unsafe mailbox.local.pop() {
      run(work)
      left &-= 1
    }
    return left != Self.fairness
  }

  private func wait(_ limit: UInt64) -> Int {
    if unsafe isStopping || !mailbox.local.isEmpty || limit == 0 {
      return poller.wait(milliseconds: 0)
    }
    let due = min(timers.nextDeadline, deadlines.nextDue)
    var milliseconds: Int32 = -1
    if due != .max || limit != .max {
      let time = LoopClock.monotonic()
      let nanoseconds = min(due > time ? due &- time : 0, limit)
      // Rounded up, or the last fraction of a millisecond would be spent spinning.
      milliseconds = Int32(min(nanoseconds / 1_000_000 &+ 1, UInt64(Int32.max)))
      if nanoseconds == 0 { milliseconds = 0 }
    }
    let mayWait = mailbox.prepareToSleep() && !signals.hasPending
    let number = poller.wait(milliseconds: mayWait ? milliseconds : 0)
    mailbox.endSleep()
    return number
  }

  private func runTimers() -> Bool {
    guard timers.nextDeadline <= now else { return false }
    let mark = timers.mark
    while let work = timers.next(now: now, before: mark) { run(work) }
    return true
  }

  @inline(__always)
  private func run(_ work: consuming Work) {
    switch consume work {
    case .closure(let closure): closure()
    case .function(let function, let context): unsafe function(context)
    case .mainJob(let job): unsafe job.runSynchronously(on: MainActor.sharedUnownedExecutor)
    case .freeJob(let job): unsafe job.runSynchronously(on: genericExecutor)
    }
  }
}

/// "No particular serial executor", which Swift writes as two zero words. A job run on it may take
/// over an idle actor without a detour through the queue.
private let genericExecutor = unsafe unsafeBitCast(
  (0, 0), to: UnownedSerialExecutor.self)
