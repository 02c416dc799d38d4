import Egg
import EggRedis

/// One answer of the server.
nonisolated public enum Reply: Sendable {
  case value(Value)
  /// A list some of whose elements are errors (`EXEC`): there, by position, and in the value as
  /// `{code, message}`.
  case partial(Value, [Int: RedisError])
  case failure(RedisError)
  /// What the server says without being asked (RESP3).
  case push([Value])

  /// The value, or the error.
  public func get() throws(RedisError) -> Value {
    switch self {
    case .value(let value), .partial(let value, _): value
    case .failure(let error): throw error
    case .push(let items): .list(items)
    }
  }
}
