import Egg

/// Statements that another unit may give up, by the tickets that it gave with them.
final class RunningStatements {
  // Each is removed before its task ends, so none is used after it.
  private var tasks: [Int: UnsafeCurrentTask] = [:]

  nonisolated deinit {}

  /// Runs `body` so that `cancel` with the same ticket cancels its task.
  func under<T>(_ ticket: Value, _ body: () async throws -> T) async throws -> T {
    guard let number = ticket.int else { return try await body() }
    withUnsafeCurrentTask { tasks[number] = $0 }
    defer { tasks[number] = nil }
    return try await body()
  }

  /// A ticket that is not known, or not any more, is none.
  func cancel(_ ticket: Value) {
    if let number = ticket.int { tasks[number]?.cancel() }
  }
}
