import Egg

/// Opens the log's files anew when somebody has renamed them.
final class LogrotatorBoot: Boot {
  override func configDidLoad() async throws {
    _ = try RotatorSettings(app)
    app.messenger.on("log-reload") { [app] _ in app.loggers.reload() }
  }
}
