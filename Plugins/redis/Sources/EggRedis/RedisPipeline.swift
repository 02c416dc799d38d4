import Egg

/// Commands that are collected and sent in one go.
///
///     let results = try await redis.pipeline().set("a", 1).incr("a").get("a").exec()
///     try results[2].get().string  // "2"
///
/// From `redis.multi()` they are a transaction.
@dynamicMemberLookup
public final class RedisPipeline {
  private let backend: any RedisBackend
  private let isAtomic: Bool
  private var commands: [[Value]] = []

  init(_ backend: any RedisBackend, atomic: Bool) {
    self.backend = backend
    isAtomic = atomic
  }

  public var count: Int { commands.count }

  /// Adds any command.
  @discardableResult
  public func call(_ name: String, _ arguments: any Encodable...) -> RedisPipeline {
    add(name, arguments)
  }

  public subscript(dynamicMember name: String) -> Step { Step(pipeline: self, name: name) }

  /// A command by its name, to be called with its arguments.
  public struct Step {
    let pipeline: RedisPipeline
    let name: String

    @discardableResult
    public func callAsFunction(_ arguments: any Encodable...) -> RedisPipeline {
      pipeline.add(name, arguments)
    }
  }

  fileprivate func add(_ name: String, _ arguments: [any Encodable]) -> RedisPipeline {
    commands.append([.text(name)] + arguments.map { Value($0) })
    return self
  }

  /// Sends everything; afterwards the pipeline is empty.
  ///
  /// - Returns: one result for each command. Of a transaction, nil when a watched key changed.
  /// - Throws: `RedisError` when the server could not be asked, or refused the transaction as a
  ///   whole (`EXECABORT`: the message has the command that was wrong).
  public func run() async throws -> [Result<Value, RedisError>]? {
    let commands = commands
    self.commands = []
    return commands.isEmpty ? [] : try await backend.batch(commands, atomic: isAtomic)
  }

  /// The same; a transaction that was given up is an error, `EGG_REDIS_WATCH`.
  @discardableResult
  public func exec() async throws -> [Result<Value, RedisError>] {
    guard let results = try await run() else {
      throw RedisError(code: "EGG_REDIS_WATCH", "a watched key has changed, nothing was done")
    }
    return results
  }
}
