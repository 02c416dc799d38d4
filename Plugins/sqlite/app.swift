import Egg
import EggSQLUnit

/// Makes the clients of `config.sqlite`; the start waits until each file is open.
final class SQLiteBoot: Boot {
  override func register() throws {
    app.extend { unit in
      unit.property(Application.self, "sqlite", once: true) {
        try .returning(DatabaseFace<SQLitePlugin>($0))
      }
    }
  }

  override func didLoad() async throws {
    guard app.config.sqlite.app.bool ?? true else { return }
    try await DatabaseRegistry<SQLitePlugin>.start(app)
  }

  override func beforeClose() async throws { await DatabaseRegistry<SQLitePlugin>.end(app) }
}
