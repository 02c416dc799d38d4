import LinuxHeaders

/// What a descriptor is watched for.
///
/// Errors and hang-ups are always reported. For a stream socket that reads and writes until it
/// would block, `[.read, .write, .edge]` once at the start needs no `modify` ever after.
package struct Interest: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let read = Interest(rawValue: EPOLLIN.rawValue)
  package static let write = Interest(rawValue: EPOLLOUT.rawValue)
  /// The peer sent its end of stream (`EPOLLRDHUP`); not together with `exclusive`.
  package static let readClosed = Interest(rawValue: EPOLLRDHUP.rawValue)
  /// Reported once per change instead of as long as it holds.
  package static let edge = Interest(rawValue: EPOLLET.rawValue)
  /// Reported once, then silent until `modify`.
  package static let once = Interest(rawValue: EPOLLONESHOT.rawValue)
  /// For a listening socket that several workers share: only one of them is woken. Cannot be
  /// given to `modify`.
  package static let exclusive = Interest(rawValue: EPOLLEXCLUSIVE.rawValue)
}

/// What happened to a descriptor.
package struct ReadyEvents: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = ReadyEvents(rawValue: EPOLLIN.rawValue)
  package static let writable = ReadyEvents(rawValue: EPOLLOUT.rawValue)
  package static let readClosed = ReadyEvents(rawValue: EPOLLRDHUP.rawValue)
  /// Both directions are closed.
  package static let hangup = ReadyEvents(rawValue: EPOLLHUP.rawValue)
  package static let error = ReadyEvents(rawValue: EPOLLERR.rawValue)
}

/// The owner of a watched descriptor. It also has one coarse deadline (`loop.deadlines`).
///
/// The loop keeps it alive from `register` to the end of the iteration that deregistered it.
package class ReadySource: DeadlineNode {
  package override init() { super.init() }

  /// Called on the loop with everything that happened since the last call; it may register, modify
  /// and deregister any descriptor.
  package func ready(_ events: ReadyEvents) {}
}

/// A source that is a closure, for the few descriptors that are not worth a class.
package final class ReadyHandler: ReadySource {
  private let handler: (ReadyEvents) -> Void

  package init(_ handler: @escaping (ReadyEvents) -> Void) { self.handler = handler }

  override package func ready(_ events: ReadyEvents) { handler(events) }
}
