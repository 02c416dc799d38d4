import Egg
import EggSessionClient

/// Sessions are in a store, which has to be asked before a handler runs.
final class AppBoot: Boot {
  override func configDidLoad() async throws { app.sessionStore = Store() }
}

private final class Store: SessionStore {
  private var kept: [String: Value] = [:]

  func get(_ key: String, maxAge: Duration?) async throws -> Value? {
    await Task.yield()
    return kept[key]
  }
  func set(_ key: String, _ session: Value, maxAge: Duration?) async throws { kept[key] = session }
  func destroy(_ key: String) async throws { kept[key] = nil }
}
