import Egg

/// `agent.redis`, when `config.redis.agent` is set.
final class RedisAgentBoot: AgentBoot {
  private lazy var clients = RedisClients(agent)

  override func register() throws {
    agent.extend { unit in
      unit.property(Agent.self, "redis", get: { [clients] agent in agent.value(of: clients) })
    }
  }

  override func didLoad() async throws {
    if agent.config.redis.agent.bool ?? false { try await clients.connect() }
  }

  override func beforeClose() async throws { await clients.quit() }
}
