import Egg
import EggSQLite

final class AppBoot: Boot {
  override func willReady() async throws {
    guard app.config.sqlite.client.exists else { return }
    try await app.sqlite.query(
      """
      create table if not exists posts (id integer primary key, title text not null,
        hits int not null default 0, made datetime)
      """)
  }
}
