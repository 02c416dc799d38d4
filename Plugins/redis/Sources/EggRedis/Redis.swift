import Egg

/// A client of Redis: `app.redis`.
///
///     try await app.redis.set("user:1", "Ada", expire: .seconds(60))
///     let name = try await app.redis.get("user:1")        // String?
///     try await app.redis.hset("user:1:facts", "age", 36)  // any command by its name
///     try await app.redis.call("OBJECT", "ENCODING", "user:1")
///
/// Commands without a typed method take anything `Encodable` (lists and objects are written out
/// one by one) and give back a `Value`.
@dynamicMemberLookup
public final class Redis {
  public let backend: any RedisBackend

  public init(_ backend: any RedisBackend) { self.backend = backend }

  /// `connecting`, `ready`, `reconnecting` or `end`.
  public var status: String { backend.status }

  /// Any command.
  ///
  /// - Returns: the reply; texts that are not UTF-8 are `.data`.
  /// - Throws: `RedisError`
  @discardableResult
  public func call(_ name: String, _ arguments: any Encodable...) async throws -> Value {
    try await backend.call(name, arguments.map { Value($0) })
  }

  public subscript(dynamicMember name: String) -> RedisCommand {
    RedisCommand(name: name, backend: backend)
  }

  /// Commands that are sent together; each has its own result.
  public func pipeline() -> RedisPipeline { RedisPipeline(backend, atomic: false) }

  /// Commands that run together, with nobody else's in between.
  public func multi() -> RedisPipeline { RedisPipeline(backend, atomic: true) }

  /// Another client with the same options and a connection of its own: for `WATCH`, which is about
  /// a connection. End it with `quit`.
  public func duplicate() async throws -> Redis { Redis(try await backend.duplicate()) }

  /// Ends the client; what was sent is answered first.
  public func quit() async { await backend.quit() }
}

/// A command by its name: `redis.hset("key", "field", 1)`.
public struct RedisCommand {
  let name: String
  let backend: any RedisBackend

  @discardableResult
  public func callAsFunction(_ arguments: any Encodable...) async throws -> Value {
    try await backend.call(name, arguments.map { Value($0) })
  }
}
