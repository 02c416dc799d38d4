import Egg

/// A lock that lets every second run pass, and a type of its own.
final class ProbeAgentBoot: AgentBoot {
  override func didLoad() async throws {
    guard agent.plugins.contains(where: { $0.name == "schedule" }) else { return }
    try await agent.useScheduleLock(EverySecondTime())
    try await agent.useScheduleType("leader") { task in task.sendOne(1, "two") }
  }
}

private final class EverySecondTime: ScheduleLock {
  private var asked = 0

  func acquire(_ key: String, for duration: Duration) async throws -> Bool {
    asked += 1
    return asked % 2 == 0
  }
}
