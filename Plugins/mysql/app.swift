import Egg
import EggSQLUnit

/// Makes the clients of `config.mysql`; the start waits until each has answered.
final class MySQLBoot: Boot {
  override func register() throws {
    app.extend { unit in
      unit.property(Application.self, "mysql", once: true) {
        try .returning(DatabaseFace<MySQLPlugin>($0))
      }
    }
  }

  override func didLoad() async throws {
    guard app.config.mysql.app.bool ?? true else { return }
    try await DatabaseRegistry<MySQLPlugin>.start(app)
  }

  override func beforeClose() async throws { await DatabaseRegistry<MySQLPlugin>.end(app) }
}
