/// Text that is not JSON: what was expected and where.
nonisolated public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  public let message: String
  /// From 1.
  public let line: Int
  /// In bytes, from 1.
  public let column: Int

  public var description: String { "line \(line), column \(column): \(message)" }
}
