import Egg

/// Every hook suspends, and says that it has run when it goes on.
final class StepsBoot: Boot {
  private func step(_ name: String) async throws {
    try await Task.sleep(for: .milliseconds(5))
    if app.config.fail.string == "plugin.\(name)" { throw EggError("plugin cannot \(name)") }
    app.logger.info("step plugin.\(name)")
  }

  override func configWillLoad() async throws {
    try await step("configWillLoad")
    // Asked of somewhere else, before anybody reads it.
    try app.config.set("remote", ["token": "fetched"])
  }
  override func configDidLoad() async throws {
    try await step("configDidLoad")
    do {
      try app.config.set("late", 1)
    } catch {
      app.logger.info("step plugin.tooLate")
    }
  }
  override func didLoad() async throws { try await step("didLoad") }
  override func willReady() async throws { try await step("willReady") }
  override func didReady() async throws { try await step("didReady") }
  override func serverDidReady() async throws { try await step("serverDidReady") }
  override func beforeClose() async throws { try await step("beforeClose") }
}
