import Egg
import EggSQLUnit

/// The same in the agent, where nothing is made unless `mysql.agent` says so.
final class MySQLAgentBoot: AgentBoot {
  override func register() throws {
    agent.extend { unit in
      unit.property(Agent.self, "mysql", once: true) {
        try .returning(DatabaseFace<MySQLPlugin>($0))
      }
    }
  }

  override func didLoad() async throws {
    guard agent.config.mysql.agent.bool ?? false else { return }
    try await DatabaseRegistry<MySQLPlugin>.start(agent)
  }

  override func beforeClose() async throws { await DatabaseRegistry<MySQLPlugin>.end(agent) }
}
