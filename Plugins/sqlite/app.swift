import Egg

/// Makes the clients of `config.sqlite`; the start waits until each file is open.
final class SQLiteBoot: Boot {
  override func register() throws {
    app.extend { unit in
      unit.property(Application.self, "sqlite", once: true) { try .returning(SQLiteFace($0)) }
    }
  }

  override func didLoad() async throws {
    guard app.config.sqlite.app.bool ?? true else { return }
    app[SQLiteKey.self] = try await SQLiteRegistry.start(app)
  }

  override func beforeClose() async throws { await app[SQLiteKey.self]?.end() }
}
