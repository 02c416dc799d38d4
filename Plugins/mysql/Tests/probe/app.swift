import Egg
import EggMySQL

/// Where an application asks for configuration that is in none of its files.
struct ConfigCenter {
  let app: Application
  func fetch(_ name: String) async throws -> Value { app.config["center"][name] }
}

private enum DatabaseKey: StorageKey { typealias Value = MySQLClient }

extension Application {
  var database: MySQLClient? { self[DatabaseKey.self] }
}

final class AppBoot: Boot {
  override func willReady() async throws {
    let config = try await ConfigCenter(app: app).fetch("mysql")
    guard config.exists else { return }
    app[DatabaseKey.self] = try await app.mysql.createInstance(config)
  }
}
