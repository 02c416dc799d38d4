import Dispatch
import Egg
import Glibc
import RedisClient

/// The main queue as the loop of a client under test.
@MainActor public final class TestLoop: RedisLoop {
  public init() {}

  public var nowMilliseconds: UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

  public func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any RedisTimer
  {
    TestTimer(milliseconds, fire)
  }

  public func watch(
    _ descriptor: Int32, _ events: Watch.Events,
    _ ready: @escaping @MainActor (Watch.Events) -> Void
  ) throws -> any RedisWatch {
    TestWatch(descriptor, events, ready)
  }

  public func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await Task.detached { try work() }.value
  }
}

private final class TestTimer: RedisTimer {
  private let source: any DispatchSourceTimer

  init(_ milliseconds: Int, _ fire: @escaping @MainActor () -> Void) {
    source = DispatchSource.makeTimerSource(queue: .main)
    source.schedule(deadline: .now() + .milliseconds(milliseconds))
    source.setEventHandler { [source] in
      source.cancel()
      MainActor.assumeIsolated { fire() }
    }
    source.resume()
  }

  func cancel() { source.cancel() }
}

/// Level-triggered: a source for each direction, made and ended as it is wanted.
private final class TestWatch: RedisWatch {
  private let descriptor: Int32
  private let ready: @MainActor (Watch.Events) -> Void
  private var reads: (any DispatchSourceRead)?
  private var writes: (any DispatchSourceWrite)?
  private var isEnded = false

  init(
    _ descriptor: Int32, _ events: Watch.Events,
    _ ready: @escaping @MainActor (Watch.Events) -> Void
  ) {
    // A source may outlive the descriptor for a moment.
    self.descriptor = dup(descriptor)
    self.ready = ready
    change(events)
  }

  isolated deinit { close(descriptor) }

  func change(_ events: Watch.Events) {
    if events.contains(.read) != (reads != nil) {
      reads?.cancel()
      reads = nil
      if events.contains(.read) {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .main)
        source.setEventHandler { [self] in MainActor.assumeIsolated { became(.read) } }
        source.setCancelHandler { [self] in _ = self }
        source.resume()
        reads = source
      }
    }
    if events.contains(.write) != (writes != nil) {
      writes?.cancel()
      writes = nil
      if events.contains(.write) {
        let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: .main)
        source.setEventHandler { [self] in MainActor.assumeIsolated { became(.write) } }
        source.setCancelHandler { [self] in _ = self }
        source.resume()
        writes = source
      }
    }
  }

  private func became(_ events: Watch.Events) {
    if !isEnded { ready(events) }
  }

  func end() {
    isEnded = true
    change([])
  }
}
