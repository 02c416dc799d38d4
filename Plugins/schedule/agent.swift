import Egg

/// The side of the agent: the timers.
final class ScheduleAgentBoot: AgentBoot {
  private var clockwork: Clockwork?

  override func register() throws {
    let isAlone = agent[BoardKey.self] == nil
    let board = agent[BoardKey.self] ?? Board()
    if isAlone {
      agent.directory("app/schedule", match: "") { [agent] entries in
        try board.load(entries, agent)
      }
    }
    clockwork = Clockwork(agent, board)
    agent.extend { unit in
      unit.method(Agent.self, "runSchedule") { _, _ in
        throw EggError(code: "EGG_SCHEDULE", "jobs run in workers; the agent only has their timers")
      }
      unit.property(Agent.self, "schedules", get: { _ in board.describe() })
      unit.method(Agent.self, "schedule.use") { _, args in try board.use(args) }
      unit.method(Agent.self, "schedule.lock") { _, args in try board.useLock(args) }
    }
  }

  override func serverDidReady() async throws { try await clockwork?.start() }

  override func beforeClose() async throws { clockwork?.stop() }
}
