import Egg

/// `app.redis`: connects the clients of `config.redis` and offers them to every unit.
final class RedisBoot: Boot {
  private lazy var clients = RedisClients(app)

  override func register() throws {
    app.extend { unit in
      unit.property(Application.self, "redis", get: { [clients] app in app.value(of: clients) })
      let sessions = RedisSessions(app, clients)
      unit.property(Application.self, "redisSessions", get: { app in app.value(of: sessions) })
    }
  }

  override func didLoad() async throws {
    if app.config.redis.app.bool ?? true { try await clients.connect() }
  }

  override func beforeClose() async throws { await clients.quit() }
}
