import Egg

/// The server of one namespace, as others reach it: its own clients only.
@MainActor public protocol AdapterHost: AnyObject {
  /// Sends a packet to those of `target` who are here.
  func deliver(_ packet: Value, to target: AdapterTarget)
  /// The same, and asks each for an answer.
  ///
  /// - Parameter answer: for each answer its first argument, until nobody asks any more.
  /// - Returns: how many got it.
  func deliver(
    _ packet: Value, to target: AdapterTarget, answer: @escaping @MainActor (Value) -> Void
  ) -> Int
  /// `{id, handshake, rooms, data}` of those of `target` who are here.
  func sockets(_ target: AdapterTarget) -> [Value]
  /// Names of all rooms that have members here.
  func allRooms() -> [String]
  /// Whether a room has members here.
  func hasRoom(_ room: String) -> Bool
  func join(_ target: AdapterTarget, _ rooms: [String])
  func leave(_ target: AdapterTarget, _ rooms: [String])
  func disconnect(_ target: AdapterTarget, close: Bool)
  /// An event of another server's code for this one's.
  ///
  /// - Parameters:
  ///   - data: name and arguments.
  ///   - answer: nil when none is wanted; to be called at most once.
  func serverEvent(_ data: [Value], answer: (@MainActor (Value) -> Void)?)
}

/// Why servers did not all answer.
nonisolated public struct AdapterTimeout: Error, Sendable, CustomStringConvertible {
  public let description: String
  /// Of those that did.
  public let partial: [Value]
}
