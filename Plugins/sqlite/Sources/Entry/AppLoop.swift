import Egg
import SQLiteEngine

/// The application's loop and its pool of blocking threads for the engine.
final class AppLoop: SQLiteLoop {
  // The application outlives everything that it runs.
  private unowned let app: ApplicationBase

  init(_ app: ApplicationBase) { self.app = app }

  nonisolated deinit {}

  func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await app.runBlocking(work)
  }

  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> @MainActor () -> Void
  {
    let timer = try app.loop.timer(after: .milliseconds(milliseconds), fire)
    return { timer.cancel() }
  }
}
