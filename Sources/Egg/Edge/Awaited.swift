internal import PluginABI

// Functions that the kernel calls run on the loop's thread, which is the main actor. They are
// written as main actor functions and handed over through `unsafeBitCast`, which costs nothing;
// `MainActor.assumeIsolated` would ask the runtime each time.

/// One thing that this unit waits for: `egg_done` as a continuation.
final class Awaited {
  private let host: Host
  private let continuation: UnsafeContinuation<Value, any Error>

  private init(_ host: Host, _ continuation: UnsafeContinuation<Value, any Error>) {
    self.host = host
    self.continuation = continuation
  }

  nonisolated deinit {}

  /// Starts something that reports to an `egg_done`, and waits for it.
  ///
  /// - Parameter attempt: what is named in the error when `start` is refused.
  static func value(
    _ host: Host, _ attempt: @autoclosure () -> String,
    _ start: (@escaping egg_done, UnsafeMutableRawPointer) -> egg_status
  ) async throws -> Value {
    try await withUnsafeThrowingContinuation { continuation in
      let state = Unmanaged.passRetained(Awaited(host, continuation))
      let status = start(awaitedDone, state.toOpaque())
      guard status != Status.ok else { return }
      state.release()
      do {
        try Status.check(status, attempt())
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  fileprivate func report(_ outcome: egg_outcome) {
    continuation.resume(with: outcome.result(host))
  }
}

private let awaitedDone = unsafeBitCast(
  { state, outcome in
    guard let state else { return }
    Unmanaged<Awaited>.fromOpaque(state).takeRetainedValue().report(outcome.pointee)
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<egg_outcome>) -> Void,
  to: egg_done.self)
