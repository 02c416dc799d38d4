import Egg

private enum RedisKey: StorageKey { typealias Value = Redis }

extension ApplicationBase {
  /// The client of `config.redis.client`: `try await app.redis.get("key")`.
  ///
  /// With several, in `config.redis.clients`, say which: `try app.redis.client("cache").get("key")`.
  /// Without the plugin every command throws `EGG_NOT_FOUND`.
  ///
  /// Differs from Egg: there `app.redis.get` is the command or gives a client, depending on the
  /// configuration. Members of other languages and templates still have it so.
  public var redis: Redis {
    if let known = self[RedisKey.self] { return known }
    guard let object = self.extension("redis").foreign else { return Redis(NoBackend()) }
    let redis = Redis(PluginBackend(object, self))
    self[RedisKey.self] = redis
    return redis
  }
}

extension Redis {
  /// A client by its key in `config.redis.clients`.
  ///
  /// - Throws: `EGG_REDIS_COMMAND` with the names that there are.
  public func client(_ name: String) throws -> Redis {
    guard let plugin = backend as? PluginBackend else {
      throw (backend as? NoBackend)?.error ?? RedisError.command("this is one client")
    }
    let clients = plugin.clients
    guard let object = clients[name]?.foreign else {
      let names = clients.keys.sorted().joined(separator: ", ")
      throw RedisError.command("config.redis.clients has no \"\(name)\", there are: \(names)")
    }
    return Redis(plugin.client(object))
  }

  /// Another client, with `config.redis.default` below its configuration.
  public func createInstance(_ config: Value) async throws -> Redis {
    guard let plugin = backend as? PluginBackend else {
      throw (backend as? NoBackend)?.error ?? RedisError.command("this is no client of the plugin")
    }
    return Redis(try await plugin.createInstance(config))
  }
}

/// In place of a client while nobody offers one.
private final class NoBackend: RedisBackend {
  let error = EggError(
    code: "EGG_NOT_FOUND",
    "app.redis: the plugin is not enabled; add \"redis\": { \"package\": \"egg-redis\" } to "
      + "config/plugin.json")
  var status: String { "end" }
  func call(_ name: String, _ arguments: [Value]) async throws -> Value { throw error }
  func batch(_ commands: [[Value]], atomic: Bool) async throws
    -> [Result<Value, RedisError>]?
  { throw error }
  func subscribe(
    _ kind: RedisChannelKind, _ names: [String],
    _ receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> any RedisListening { throw error }
  func duplicate() async throws -> any RedisBackend { throw error }
  func quit() async {}
}
