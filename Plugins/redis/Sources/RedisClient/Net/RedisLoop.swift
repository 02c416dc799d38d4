import Egg

/// What the client needs of an event loop: the application's, or a test's.
@MainActor public protocol RedisLoop: AnyObject {
  /// Of a clock that never goes back.
  var nowMilliseconds: UInt64 { get }
  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any RedisTimer
  /// Level-triggered.
  func watch(
    _ descriptor: Int32, _ events: Watch.Events,
    _ ready: @escaping @MainActor (Watch.Events) -> Void
  ) throws -> any RedisWatch
  /// Runs what may block (names are looked up this way) elsewhere.
  func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T
}

@MainActor public protocol RedisTimer: AnyObject {
  func cancel()
}

@MainActor public protocol RedisWatch: AnyObject {
  func change(_ events: Watch.Events)
  func end()
}

extension LoopTimer: RedisTimer {}
extension Watch: RedisWatch {}

/// The loop of an application or agent.
public final class ApplicationLoop: RedisLoop {
  private let app: ApplicationBase

  public init(_ app: ApplicationBase) { self.app = app }

  public var nowMilliseconds: UInt64 { app.loop.nowNanoseconds / 1_000_000 }

  public func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any RedisTimer
  {
    try app.loop.timer(after: .milliseconds(milliseconds), fire)
  }

  public func watch(
    _ descriptor: Int32, _ events: Watch.Events,
    _ ready: @escaping @MainActor (Watch.Events) -> Void
  ) throws -> any RedisWatch {
    try app.loop.watch(descriptor, events, ready)
  }

  public func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await app.runBlocking(work)
  }
}

extension RedisLoop {
  /// Waits; 0 lets everything else go first.
  func sleep(_ milliseconds: Int) async throws {
    try await withUnsafeThrowingContinuation {
      (continuation: UnsafeContinuation<Void, any Error>) in
      do {
        _ = try timer(after: milliseconds) { continuation.resume() }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}
