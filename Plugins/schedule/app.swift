import Egg

/// The side of the application: runs what the agent's timers send, and answers `app.runSchedule`.
final class ScheduleBoot: Boot {
  private var board: Board?
  private var runner: Runner?

  override func register() throws {
    let board = Board()
    self.board = board
    // In one process both sides share the jobs.
    app.agent?[BoardKey.self] = board
    let runner = Runner(app, board)
    self.runner = runner
    app.directory("app/schedule", match: "") { [app] entries in try board.load(entries, app) }
    app.extend { unit in
      unit.method(Application.self, "runSchedule") { _, args in
        try await runner.runNow(args.get(0))
        return .undefined
      }
      unit.property(Application.self, "schedules", get: { _ in board.describe() })
      unit.method(Application.self, "schedule.use") { _, args in try board.use(args) }
      unit.method(Application.self, "schedule.lock") { _, args in try board.useLock(args) }
    }
  }

  override func didReady() async throws { runner?.listen() }

  override func beforeClose() async throws { await runner?.drain() }
}
