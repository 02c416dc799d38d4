import Egg

/// Collects the greetings of every unit before the first request.
final class GreeterBoot: Boot {
  override func register() throws {
    let greetings = app.greetings
    app.directory("app/greeting", match: "*.txt") { entries in
      for entry in entries { try greetings.read(entry) }
    }
  }

  override func didReady() async throws {
    app.logger.info("greeter knows \(app.greetings.languages.joined(separator: ", "))")
  }
}
