import Egg
import EggSQLUnit

/// The same in the agent, where nothing is made unless `sqlite.agent` says so.
final class SQLiteAgentBoot: AgentBoot {
  override func register() throws {
    agent.extend { unit in
      unit.property(Agent.self, "sqlite", once: true) {
        try .returning(DatabaseFace<SQLitePlugin>($0))
      }
    }
  }

  override func didLoad() async throws {
    guard agent.config.sqlite.agent.bool ?? false else { return }
    try await DatabaseRegistry<SQLitePlugin>.start(agent)
  }

  override func beforeClose() async throws { await DatabaseRegistry<SQLitePlugin>.end(agent) }
}
