import Egg

/// Every hook suspends, and says that it has run when it goes on.
final class AppBoot: Boot {
  private func step(_ name: String) async throws {
    try await Task.sleep(for: .milliseconds(5))
    if app.config.fail.string == "app.\(name)" { throw EggError("app cannot \(name)") }
    app.logger.info("step app.\(name)")
  }

  override func configWillLoad() async throws { try await step("configWillLoad") }
  override func configDidLoad() async throws {
    try await step("configDidLoad")
    app.logger.info("step token \(app.config.remote.token.string ?? "missing")")
    app.beforeStart { try await self.step("beforeStart") }
    app.ready { try await self.step("ready") }
    app.beforeClose { try await self.step("scopeBeforeClose") }
  }
  override func didLoad() async throws { try await step("didLoad") }
  override func willReady() async throws { try await step("willReady") }
  override func didReady() async throws { try await step("didReady") }
  override func serverDidReady() async throws { try await step("serverDidReady") }
  override func beforeClose() async throws { try await step("beforeClose") }
}
