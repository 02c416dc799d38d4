import Egg

/// A Lua script with a name of its own in your code.
///
///     let add = app.redis.defineCommand(numberOfKeys: 1, lua: """
///       return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)
///       """)
///     try await add("counter", 5)
///
/// The script travels once; afterwards its digest does. A server that has forgotten it, after a
/// restart for one, gets it again.
public final class RedisScript {
  private let backend: any RedisBackend
  public let lua: String
  /// The first arguments that are keys; nil: the first argument says how many.
  public let numberOfKeys: Int?
  private var digest: String?

  init(_ backend: any RedisBackend, _ lua: String, _ numberOfKeys: Int?) {
    self.backend = backend
    self.lua = lua
    self.numberOfKeys = numberOfKeys
  }

  /// - Throws: `RedisError`; of the script's own, what it returned with `redis.error_reply`.
  @discardableResult
  public func callAsFunction(_ arguments: any Encodable...) async throws -> Value {
    try await run(arguments.map { Value($0) })
  }

  public func run(_ arguments: [Value]) async throws -> Value {
    let counted = numberOfKeys.map { [.integer($0)] + arguments } ?? arguments
    if digest == nil { digest = try await backend.call("SCRIPT", ["LOAD", .text(lua)]).string }
    do {
      return try await backend.call("EVALSHA", [.text(digest ?? "")] + counted)
    } catch let error as RedisError where error.code == "NOSCRIPT" {
      return try await backend.call("EVAL", [.text(lua)] + counted)
    }
  }
}

extension Redis {
  /// A script as a function of its keys and arguments.
  public func defineCommand(numberOfKeys: Int? = nil, lua: String) -> RedisScript {
    RedisScript(backend, lua, numberOfKeys)
  }

  /// Runs a script once.
  @discardableResult
  public func eval(_ lua: String, keys: [String] = [], _ arguments: any Encodable...) async throws
    -> Value
  {
    let all: [Value] = keys.map { .text($0) } + arguments.map { Value($0) }
    return try await backend.call("EVAL", [.text(lua), .integer(keys.count)] + all)
  }
}
