import Egg

/// The same in the agent. In a process that is worker and agent in one, the worker's side does it.
final class WatcherAgentBoot: AgentBoot {
  private var source: FileSource?

  override func configDidLoad() async throws {
    if agent.info.process == .agent { source = try FileSource.begin(agent) }
  }

  override func beforeClose() async throws { source?.end() }
}
