import Egg

/// The same in the agent, where nothing is made unless `sqlite.agent` says so.
final class SQLiteAgentBoot: AgentBoot {
  override func register() throws {
    agent.extend { unit in
      unit.property(Agent.self, "sqlite", once: true) { try .returning(SQLiteFace($0)) }
    }
  }

  override func didLoad() async throws {
    guard agent.config.sqlite.agent.bool ?? false else { return }
    agent[SQLiteKey.self] = try await SQLiteRegistry.start(agent)
  }

  override func beforeClose() async throws { await agent[SQLiteKey.self]?.end() }
}
