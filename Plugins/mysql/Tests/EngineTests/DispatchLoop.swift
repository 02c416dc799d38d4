import Dispatch
import Foundation
import MySQLEngine
import Synchronization

/// The main queue as the engine's loop; a thread waits for descriptors.
///
/// Dispatch's own sources let go of a descriptor some time after their end, when its number may
/// already be somebody else's.
final class DispatchLoop: MySQLLoop {
  var nowNanoseconds: UInt64 { DispatchTime.now().uptimeNanoseconds }

  func watch(
    _ descriptor: Int32, _ events: MySQLEvents, _ ready: @escaping @MainActor (MySQLEvents) -> Void
  ) throws -> any MySQLWatch {
    PolledWatch(descriptor, events, ready)
  }

  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any MySQLTimer
  {
    DispatchTimer(milliseconds, fire)
  }

  func resolve(_ host: String) async throws -> String {
    host == "localhost" ? "127.0.0.1" : host
  }
}

private final class PolledWatch: MySQLWatch {
  private static var open: [UInt64: PolledWatch] = [:]
  private static var last: UInt64 = 0

  private let descriptor: Int32
  private let token: UInt64
  private let ready: @MainActor (MySQLEvents) -> Void
  private var wanted: MySQLEvents

  init(
    _ descriptor: Int32, _ events: MySQLEvents, _ ready: @escaping @MainActor (MySQLEvents) -> Void
  ) {
    self.descriptor = descriptor
    self.ready = ready
    wanted = events
    Self.last += 1
    token = Self.last
    Self.open[token] = self
    arm()
  }

  func change(_ events: MySQLEvents) {
    wanted = events
    arm()
  }

  func end() {
    Self.open[token] = nil
    Poller.shared.forget(token)
  }

  /// For one event; it is armed again when that has been dealt with.
  private func arm() {
    var events: Int32 = 0
    if wanted.contains(.read) { events |= POLLIN }
    if wanted.contains(.write) { events |= POLLOUT }
    let polled = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    Poller.shared.arm(token, polled) { [token] bits in
      MainActor.assumeIsolated { PolledWatch.open[token]?.became(bits) }
    }
  }

  private func became(_ bits: Int32) {
    var events: MySQLEvents = []
    if bits & POLLIN != 0 { events.insert(.read) }
    if bits & POLLOUT != 0 { events.insert(.write) }
    if bits & (POLLHUP | POLLERR) != 0 { events.insert(.closed) }
    events.formIntersection(wanted.union(.closed))
    if !events.isEmpty { ready(events) }
    if Self.open[token] != nil { arm() }
  }
}

/// A thread in `poll`; each descriptor is asked for until its first event.
private nonisolated final class Poller: Sendable {
  static let shared = Poller()
  private struct Entry {
    var polled: pollfd
    var ready: @Sendable (Int32) -> Void
  }
  private let entries = Mutex<[UInt64: Entry]>([:])
  private let wake: (read: Int32, write: Int32)

  private init() {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    wake = (ends[0], ends[1])
    Thread.detachNewThread { self.run() }
  }

  func arm(_ token: UInt64, _ polled: pollfd, _ ready: @escaping @Sendable (Int32) -> Void) {
    entries.withLock { $0[token] = Entry(polled: polled, ready: ready) }
    write(wake.write, "x", 1)
  }

  func forget(_ token: UInt64) {
    entries.withLock { _ = $0.removeValue(forKey: token) }
    write(wake.write, "x", 1)
  }

  private func run() {
    var drain = [UInt8](repeating: 0, count: 4096)
    while true {
      let armed = entries.withLock { Array($0) }
      var list =
        [pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0)] + armed.map(\.value.polled)
      guard poll(&list, nfds_t(list.count), -1) > 0 else { continue }
      if list[0].revents != 0 { read(wake.read, &drain, drain.count) }
      for (place, (token, entry)) in armed.enumerated() where list[place + 1].revents != 0 {
        let bits = Int32(list[place + 1].revents)
        entries.withLock { _ = $0.removeValue(forKey: token) }
        if bits & POLLNVAL == 0 { DispatchQueue.main.async { entry.ready(bits) } }
      }
    }
  }
}

private final class DispatchTimer: MySQLTimer {
  private var source: (any DispatchSourceTimer)?

  init(_ milliseconds: Int, _ fire: @escaping @MainActor () -> Void) {
    let source = DispatchSource.makeTimerSource(queue: .main)
    source.schedule(deadline: .now() + .milliseconds(milliseconds))
    source.setEventHandler {
      MainActor.assumeIsolated {
        guard self.source != nil else { return }
        self.source = nil
        fire()
      }
    }
    self.source = source
    source.resume()
  }

  func cancel() {
    source?.cancel()
    source = nil
  }
}
