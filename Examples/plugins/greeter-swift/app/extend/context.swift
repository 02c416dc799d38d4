import Egg

extension Context {
  /// "Hello, Ada!" in the language that the client likes best.
  func greet(_ name: String) -> String { app.greetings.greet(name, in: language) ?? name }

  /// The same, after `config.greeter.delay` milliseconds.
  func greetLater(_ name: String) async throws -> String {
    try await Task.sleep(for: .milliseconds(app.config.greeter.delay.int ?? 0))
    return greet(name)
  }

  // egg: local
  private var language: String {
    let wanted = request.acceptedLanguages.map { String($0.prefix { $0 != "-" }) }
    return wanted.first { app.greetings.languages.contains($0) }
      ?? app.config.greeter.language.string ?? "en"
  }
}
