import Egg
import Glibc

final class ProbeAgentBoot: AgentBoot {
  override func configDidLoad() async throws {
    let agent = agent
    agent.messenger.on("note") { data in
      agent.logger.info("probe: agent got note")
      agent.messenger.sendToApp("hello", ["agent": Value(Int(getpid())), "note": data])
    }
    agent.messenger.on("egg-pids") { pids in
      agent.logger.info("probe: agent got pids \(pids.json)")
    }
    agent.messenger.on("egg-ready") { _ in agent.logger.info("probe: agent got egg-ready") }
    agent.messenger.on("echo") { data in
      agent.messenger.sendTo(data.from.int ?? 0, "echo-back", data)
    }
  }

  override func serverDidReady() async throws { agent.logger.info("probe: agent is ready") }

  override func beforeClose() async throws { agent.logger.info("probe: agent closes") }
}
