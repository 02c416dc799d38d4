import Egg
import EggWatcherClient
import Glibc

final class ProbeAgentBoot: AgentBoot {
  /// The hooks that have run.
  private var hooks: [String] = []

  override func register() throws { hooks.append("register") }

  override func configWillLoad() async throws { hooks.append("configWillLoad") }

  override func configDidLoad() async throws {
    hooks.append("configDidLoad")
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
    agent.messenger.once("note") { _ in agent.logger.info("probe: agent got its first note") }
  }

  override func didLoad() async throws { hooks.append("didLoad") }

  override func willReady() async throws { hooks.append("willReady") }

  override func didReady() async throws {
    hooks.append("didReady")
    guard let folder = agent.config.probe.watch.string else { return }
    agent.watcher.watch(folder) { [agent] info in
      agent.logger.info("probe: agent saw \(info.event) of \(info.path)")
    }
  }

  override func serverDidReady() async throws {
    hooks.append("serverDidReady")
    agent.logger.info("probe: agent is ready")
  }

  override func beforeClose() async throws {
    hooks.append("beforeClose")
    agent.logger.info("probe: agent closes after \(hooks.joined(separator: " "))")
  }
}
