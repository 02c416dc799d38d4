internal import PluginABI

/// A running timer. It runs on when nobody holds this object; `cancel` ends it.
public final class LoopTimer {
  private let host: Host
  private let repeats: Bool
  private let fire: @MainActor () -> Void
  private var token: UInt64 = 0

  init(_ host: Host, repeats: Bool, _ fire: @escaping @MainActor () -> Void) {
    self.host = host
    self.repeats = repeats
    self.fire = fire
  }

  func start(_ delay: UInt64, _ interval: UInt64) throws {
    let reference = Unmanaged.passRetained(self)
    let status = host.loop.pointee.timer(
      host.table, delay, interval, timerFired, reference.toOpaque(), &token)
    guard status != Status.ok else { return }
    reference.release()
    try Status.check(status, "timer")
  }

  public var isRunning: Bool { token != 0 }

  public func cancel() {
    guard token != 0 else { return }
    _ = host.loop.pointee.cancel_timer(host.table, token)
    end()
  }

  fileprivate func fired() {
    let fire = fire
    if !repeats { end() }
    fire()
  }

  private func end() {
    token = 0
    Unmanaged.passUnretained(self).release()
  }
}

/// A watched descriptor. End it before the descriptor is closed.
public final class Watch {
  public struct Events: OptionSet, Sendable {
    nonisolated public let rawValue: UInt32
    nonisolated public init(rawValue: UInt32) { self.rawValue = rawValue }
    nonisolated public static let read = Events(rawValue: 1)
    nonisolated public static let write = Events(rawValue: 2)
    /// Always reported, wanted or not.
    nonisolated public static let closed = Events(rawValue: 4)
  }

  private let host: Host
  private let ready: @MainActor (Events) -> Void
  private var token: UInt64 = 0

  init(_ host: Host, _ ready: @escaping @MainActor (Events) -> Void) {
    self.host = host
    self.ready = ready
  }

  func start(_ descriptor: Int32, _ events: Events) throws {
    let reference = Unmanaged.passRetained(self)
    let status = host.loop.pointee.watch(
      host.table, descriptor, events.rawValue, watchReady, reference.toOpaque(), &token)
    guard status != Status.ok else { return }
    reference.release()
    try Status.check(status, "watch of descriptor \(descriptor)")
  }

  public func change(_ events: Events) {
    guard token != 0 else { return }
    _ = host.loop.pointee.change_watch(host.table, token, events.rawValue)
  }

  public func end() {
    guard token != 0 else { return }
    _ = host.loop.pointee.unwatch(host.table, token)
    token = 0
    Unmanaged.passUnretained(self).release()
  }

  fileprivate func became(_ events: UInt32) {
    if token != 0 { ready(Events(rawValue: events)) }
  }
}

/// A job that another thread left for the loop.
nonisolated final class Posted: @unchecked Sendable {
  fileprivate let job: @MainActor @Sendable () -> Void

  private init(_ job: @escaping @MainActor @Sendable () -> Void) { self.job = job }

  static func post(_ host: Host, _ job: @escaping @MainActor @Sendable () -> Void) {
    let reference = Unmanaged.passRetained(Posted(job))
    guard host.loop.pointee.post(host.table, runPosted, reference.toOpaque()) != Status.ok else {
      return
    }
    reference.release()
  }
}

private let timerFired = unsafeBitCast(
  { state in
    guard let state else { return }
    Unmanaged<LoopTimer>.fromOpaque(state).takeUnretainedValue().fired()
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)

private let watchReady = unsafeBitCast(
  { state, events in
    guard let state else { return }
    Unmanaged<Watch>.fromOpaque(state).takeUnretainedValue().became(events)
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void).self)

private nonisolated let runPosted = unsafeBitCast(
  { state in
    guard let state else { return }
    Unmanaged<Posted>.fromOpaque(state).takeRetainedValue().job()
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
