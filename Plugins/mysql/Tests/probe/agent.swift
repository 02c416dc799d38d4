import Egg
import EggMySQL

final class ProbeAgent: AgentBoot {
  override func willReady() async throws {
    guard agent.config.mysql.agent.bool == true else { return }
    try await agent.mysql.insert("posts", ["title": "from the agent"])
  }
}
