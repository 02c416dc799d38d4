internal import PluginABI

/// Time, descriptors and the way back from other threads.
public struct Loop {
  private let unit: Unit
  private var host: Host { unit.host }

  init(_ unit: Unit) { self.unit = unit }

  /// Nanoseconds of a clock that never goes back, as of the start of this turn of the loop.
  public var nowNanoseconds: UInt64 { host.loop.pointee.now_ns(host.table) }

  /// Fires once after `delay`, then every `interval` unless that is nil.
  @discardableResult
  public func timer(
    after delay: Duration, every interval: Duration? = nil, _ fire: @escaping @MainActor () -> Void
  ) throws -> LoopTimer {
    let timer = LoopTimer(host, repeats: interval != nil, fire)
    let repeated = interval.map { max(1, $0.milliseconds) } ?? 0
    try timer.start(UInt64(max(0, delay.milliseconds)), UInt64(repeated))
    return timer
  }

  /// Tells when a descriptor can be read or written (level-triggered), until the watch is ended.
  public func watch(
    _ descriptor: Int32, _ events: Watch.Events,
    _ ready: @escaping @MainActor (Watch.Events) -> Void
  ) throws -> Watch {
    let watch = Watch(host, ready)
    try watch.start(descriptor, events)
    return watch
  }

  /// Runs `job` on the loop in its next turn. Any thread.
  nonisolated public func post(_ job: @escaping @MainActor @Sendable () -> Void) {
    Posted.post(unit.host, job)
  }
}

extension Duration {
  /// Rounded to the nearest.
  nonisolated public var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds &* 1000 &+ (attoseconds + 500_000_000_000_000) / 1_000_000_000_000_000)
  }
}
