import Egg

final class ScheduleController: Controller {
  func run() async throws {
    let name = ctx.query["name"] ?? ""
    do {
      try await app.runSchedule(name)
      ctx.body = "ran"
    } catch {
      ctx.body = "failed: \(EggError(error).message)"
    }
  }
}
