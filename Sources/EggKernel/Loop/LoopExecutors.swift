// The only file that knows Swift's interface for custom executors, which is not public yet. It
// compiles against 6.3; a toolchain that changes the interface changes this file.
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// What the main actor runs on: the loop thread.
final class LoopMainExecutor: MainExecutor, SerialExecutor, SchedulingExecutor,
  @unchecked Sendable  // `loop` is used on the loop thread only, or through its mailbox
{
  private let mailbox: LoopMailbox
  private unowned let loop: EventLoop

  init(_ loop: EventLoop) {
    self.loop = loop
    mailbox = loop.mailbox
  }

  func enqueue(_ job: consuming ExecutorJob) {
    mailbox.enqueue(.mainJob(UnownedJob(job)))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    loop.enqueue(.mainJob(UnownedJob(job)), after: nanoseconds(delay, clock))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    let delay = clock.now.duration(to: instant)
    loop.enqueue(.mainJob(UnownedJob(job)), after: nanoseconds(delay, clock))
  }

  /// Asked at every hop to the main actor; the general answer compares existentials.
  var isMainExecutor: Bool { true }

  func isIsolatingCurrentContext() -> Bool? { mailbox.isOnLoop }

  func checkIsolated() {
    precondition(mailbox.isOnLoop, "main actor code on a thread other than the loop's")
  }

  func run() throws { loop.run() }

  func runUntil(_ condition: () -> Bool) throws {
    while !condition() { loop.runOnce() }
  }

  func stop() {
    let loop = unsafe UnsafeLoop(loop)
    mailbox.post { unsafe loop.value.stop() }
  }
}

/// What everything without an actor of its own runs on: the same loop thread.
final class LoopTaskExecutor: TaskExecutor, SchedulingExecutor,
  @unchecked Sendable  // as `LoopMainExecutor`
{
  private let mailbox: LoopMailbox
  private unowned let loop: EventLoop

  init(_ loop: EventLoop) {
    self.loop = loop
    mailbox = loop.mailbox
  }

  func enqueue(_ job: consuming ExecutorJob) {
    mailbox.enqueue(.freeJob(UnownedJob(job)))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    loop.enqueue(.freeJob(UnownedJob(job)), after: nanoseconds(delay, clock))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    let delay = clock.now.duration(to: instant)
    loop.enqueue(.freeJob(UnownedJob(job)), after: nanoseconds(delay, clock))
  }
}

/// Hands the installed loop's executors to the Swift runtime, which asks once.
struct LoopExecutorFactory: ExecutorFactory {
  static var mainExecutor: any MainExecutor { executors.main }
  static var defaultExecutor: any TaskExecutor { executors.task }

  private static var executors: (main: LoopMainExecutor, task: LoopTaskExecutor) {
    guard let loop = unsafe EventLoop.installed, let executors = loop.executors else {
      preconditionFailure("the loop installs itself before it names the factory")
    }
    return executors
  }

  /// Makes the executors of `EventLoop.installed` the process's own. Once, before anything async.
  static func install() {
    _createExecutors(factory: Self.self)
  }
}

/// Carries the loop through a `@Sendable` closure that runs on the loop.
@unsafe struct UnsafeLoop: @unchecked Sendable {
  unowned let value: EventLoop
  init(_ value: EventLoop) { unsafe self.value = value }
}

/// A clock's duration in nanoseconds, at least 0.
///
/// Both of Swift's clocks count `Swift.Duration`, and so do nearly all others. One that counts
/// something else cannot be converted; its job runs at once.
private func nanoseconds<C: Clock>(_ delay: C.Duration, _ clock: C) -> UInt64 {
  guard let duration = delay as? Duration else { return 0 }
  let (seconds, attoseconds) = duration.components
  if seconds < 0 || attoseconds < 0 { return 0 }
  let whole = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
  if whole.overflow { return .max }
  // Rounded up: a sleep never ends early.
  return LoopClock.saturating(
    whole.partialValue, adding: UInt64((attoseconds + 999_999_999) / 1_000_000_000))
}
