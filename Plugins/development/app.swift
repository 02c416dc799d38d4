import Egg

/// Puts `development` in front of everything, in development alone.
final class DevelopmentBoot: Boot {
  override func register() throws {
    let state = BuildState()
    app[BuildStateKey.self] = state
    app.messenger.on("egg-development") { data in
      state.problem = data.problem.int ?? 0
      state.page = data.page.string ?? ""
    }
  }

  override func configWillLoad() async throws {
    guard app.env == "local" || BuildState.isSupervised else { return }
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    guard !names.contains("development") else { return }
    names.insert("development", at: 0)
    try app.config.set("coreMiddleware", Value(names), origin: "plugin development")
  }
}

enum BuildStateKey: StorageKey { typealias Value = BuildState }
