/// Why bytes are no MessagePack, or too much of it.
nonisolated public struct MessagePackError: Error, Sendable, Equatable, CustomStringConvertible {
  public let message: String
  /// Of the byte, from 0.
  public let offset: Int

  public var description: String { "\(message) at byte \(offset)" }
}
