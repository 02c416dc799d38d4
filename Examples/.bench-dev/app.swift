import Egg

/// What happens at start and end; every hook is optional.
final class AppBoot: Boot {
  override func didReady() async throws {
    app.logger.info("hello is ready", ["env": Value(app.env)])
  }
}
