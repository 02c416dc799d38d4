/// What the engine needs of its surroundings. Both are called on the main actor.
public protocol SQLiteLoop: AnyObject {
  /// Runs `work` on a thread that may block.
  func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T
  /// - Returns: what ends the timer before it fires.
  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> @MainActor () -> Void
}
