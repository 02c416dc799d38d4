import Glibc
import Synchronization

/// Signals that have arrived and wait for the loop: bit *n* − 1 for signal *n*.
private let arrived = Atomic<UInt64>(0)
/// Where the signal handler finds the loop. `nonisolated(unsafe)`: written before the first
/// handler is set and never changed.
private nonisolated(unsafe) var signalledMailbox: LoopMailbox?

/// The signal handlers of a loop.
///
/// The real handler only sets a bit and wakes the loop, which calls the Swift handler between two
/// events. No signal is blocked, so child processes inherit nothing of it.
struct SignalTable {
  fileprivate var handlers: [Int32: () -> Void] = [:]

  /// Whether a signal waits for `deliver`.
  var hasPending: Bool { arrived.load(ordering: .sequentiallyConsistent) != 0 }

  /// - Returns: the handler so far.
  @discardableResult
  fileprivate mutating func set(_ signal: Int32, _ handler: (() -> Void)?) -> (() -> Void)? {
    let old = handlers[signal]
    handlers[signal] = handler
    return old
  }
}

extension EventLoop {
  /// Calls `handler` on the loop after `signal` arrived, once for several that arrived together.
  ///
  ///     try loop.onSignal(SIGTERM) { server.drain() }
  ///
  /// A later handler for the same signal replaces the earlier one.
  /// - Throws: `.signal` for one that cannot be handled (`SIGKILL`, `SIGSTOP`, unknown numbers).
  package func onSignal(_ signal: Int32, _ handler: @escaping () -> Void) throws(LoopError) {
    unsafe signalledMailbox = mailbox
    signals.set(signal, handler)
    try setAction(signal) { signal in
      // Async-signal-safe: two atomics and a write. `errno` belongs to the interrupted code.
      let saved = errno
      arrived.bitwiseOr(1 << UInt64(signal - 1), ordering: .sequentiallyConsistent)
      unsafe signalledMailbox?.wakeIfAsleep()
      errno = saved
    }
  }

  /// Calls the handlers of the signals that have arrived.
  func deliverSignals() {
    let all = arrived.exchange(0, ordering: .sequentiallyConsistent)
    for signal in Int32(1)...64 where all & (1 << UInt64(signal - 1)) != 0 {
      // Looked up one by one: a handler may replace the next one.
      let handler = signals.handlers[signal]
      handler?()
    }
  }

  /// Restores what the system does with `signal` when nobody handles it.
  package func resetSignal(_ signal: Int32) throws(LoopError) {
    signals.set(signal, nil)
    try setAction(signal, SIG_DFL)
  }

  /// A write to a closed socket answers `EPIPE` instead of ending the process.
  ///
  /// An empty handler rather than `SIG_IGN`, because `exec` would pass `SIG_IGN` on to every child.
  static func ignoreBrokenPipes() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in }
    action.sa_flags = SA_RESTART
    unsafe sigaction(SIGPIPE, &action, nil)
  }

  private func setAction(
    _ signal: Int32, _ handler: (@convention(c) (Int32) -> Void)?
  ) throws(LoopError) {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = handler
    action.sa_flags = SA_RESTART
    guard signal > 0, signal <= 64, unsafe sigaction(signal, &action, nil) == 0 else {
      signals.set(signal, nil)
      throw LoopError(code: .signal, errorNumber: EINVAL, operation: "sigaction(\(signal))")
    }
    // Whoever started this process may have left the signal blocked; the mask survives `exec`.
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, signal)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }
}
