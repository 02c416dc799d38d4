import Egg

final class LogrotatorAgentBoot: AgentBoot {
  override func configDidLoad() async throws {
    agent.messenger.on("log-reload") { [agent] _ in agent.loggers.reload() }
  }
}
