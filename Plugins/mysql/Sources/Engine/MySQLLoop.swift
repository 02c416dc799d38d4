/// What the engine needs of an event loop. Everything happens on the main actor.
public protocol MySQLLoop: AnyObject {
  /// Nanoseconds of a clock that never goes back, as of the start of this turn of the loop.
  var nowNanoseconds: UInt64 { get }
  /// Tells, level-triggered, when a descriptor can be read or written, or was closed by the peer.
  func watch(
    _ descriptor: Int32, _ events: MySQLEvents, _ ready: @escaping @MainActor (MySQLEvents) -> Void
  ) throws -> any MySQLWatch
  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any MySQLTimer
  /// The numeric address of a host, looked up where it may block.
  func resolve(_ host: String) async throws -> String
}

extension MySQLLoop {
  /// - Returns: milliseconds.
  func time(since start: UInt64) -> Int { Int(clamping: (nowNanoseconds &- start) / 1_000_000) }
}

public protocol MySQLWatch: AnyObject {
  func change(_ events: MySQLEvents)
  func end()
}

public protocol MySQLTimer: AnyObject {
  func cancel()
}

nonisolated public struct MySQLEvents: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static let read = MySQLEvents(rawValue: 1)
  public static let write = MySQLEvents(rawValue: 2)
  public static let closed = MySQLEvents(rawValue: 4)
}
