import Egg

/// Channels that are listened to, until `end`.
public final class RedisSubscription {
  private var listening: (any RedisListening)?

  init(_ listening: any RedisListening) { self.listening = listening }

  /// Stops listening; others who listen to the same channels go on.
  public func end() async throws {
    let listening = listening
    self.listening = nil
    try await listening?.end()
  }
}

extension Redis {
  /// Calls `receive` for each message, in the order of publishing. Returns when the server has
  /// confirmed. After a lost connection it listens again by itself; what was published meanwhile
  /// is lost, as always with Redis.
  ///
  ///     let news = try await app.redis.subscribe("news") { print($0.text) }
  ///     …
  ///     try await news.end()
  ///
  /// The connection that listens is one of its own; others are not blocked.
  public func subscribe(
    _ channels: String..., receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> RedisSubscription {
    RedisSubscription(try await backend.subscribe(.channel, channels, receive))
  }

  /// The same for patterns: `news.*`.
  public func psubscribe(
    _ patterns: String..., receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> RedisSubscription {
    RedisSubscription(try await backend.subscribe(.pattern, patterns, receive))
  }

  /// The same for shard channels (Redis 7): published with `spublish`.
  public func ssubscribe(
    _ channels: String..., receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> RedisSubscription {
    RedisSubscription(try await backend.subscribe(.shard, channels, receive))
  }
}
