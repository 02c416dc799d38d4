import Dispatch
import SQLiteEngine

/// Threads and timers of Dispatch for the engine.
final class DispatchLoop: SQLiteLoop {
  func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withUnsafeThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
    }
  }

  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> @MainActor () -> Void
  {
    let item = DispatchWorkItem { MainActor.assumeIsolated { fire() } }
    DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: item)
    return { item.cancel() }
  }
}
