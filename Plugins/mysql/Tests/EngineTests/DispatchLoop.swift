import Dispatch
import Foundation
import MySQLEngine

/// The main queue as the engine's loop.
final class DispatchLoop: MySQLLoop {
  var nowMilliseconds: UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

  func watch(
    _ descriptor: Int32, _ events: MySQLEvents, _ ready: @escaping @MainActor (MySQLEvents) -> Void
  ) throws -> any MySQLWatch {
    DispatchWatch(descriptor, events, ready)
  }

  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any MySQLTimer
  {
    DispatchTimer(milliseconds, fire)
  }

  func resolve(_ host: String) async throws -> String { host }
}

private final class DispatchWatch: MySQLWatch {
  private var read: (any DispatchSourceRead)?
  private var write: (any DispatchSourceWrite)?
  private let descriptor: Int32
  private let ready: @MainActor (MySQLEvents) -> Void

  init(
    _ descriptor: Int32, _ events: MySQLEvents, _ ready: @escaping @MainActor (MySQLEvents) -> Void
  ) {
    self.descriptor = descriptor
    self.ready = ready
    change(events)
  }

  func change(_ events: MySQLEvents) {
    if events.contains(.read), read == nil {
      let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .main)
      source.setEventHandler { [weak self] in
        MainActor.assumeIsolated { if self?.read != nil { self?.ready(.read) } }
      }
      read = source
      source.resume()
    } else if !events.contains(.read) {
      read?.cancel()
      read = nil
    }
    if events.contains(.write), write == nil {
      let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: .main)
      source.setEventHandler { [weak self] in
        MainActor.assumeIsolated { if self?.write != nil { self?.ready(.write) } }
      }
      write = source
      source.resume()
    } else if !events.contains(.write) {
      write?.cancel()
      write = nil
    }
  }

  func end() { change([]) }
}

private final class DispatchTimer: MySQLTimer {
  private var source: (any DispatchSourceTimer)?

  init(_ milliseconds: Int, _ fire: @escaping @MainActor () -> Void) {
    let source = DispatchSource.makeTimerSource(queue: .main)
    source.schedule(deadline: .now() + .milliseconds(milliseconds))
    source.setEventHandler { [weak self] in
      MainActor.assumeIsolated {
        self?.source = nil
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
