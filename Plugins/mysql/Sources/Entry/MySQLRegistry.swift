import Egg
import EggSQL
import EggSQLClient
import EggSQLUnit
import MySQLEngine

enum MySQLKey: StorageKey { typealias Value = MySQLRegistry }

/// The clients of one application.
final class MySQLRegistry {
  typealias Client = ClientObject<MySQLDatabase>

  private let app: ApplicationBase
  private let loop: AppLoop
  private let defaults: ValueMap
  private(set) var client: Client?
  private(set) var clients: [String: Client] = [:]
  /// Everything that was made and has to be closed, instances of applications among them.
  private var all: [Client] = []

  private init(_ app: ApplicationBase) {
    self.app = app
    loop = AppLoop(app)
    defaults = app.config["mysql.default"].object ?? ValueMap()
  }

  nonisolated deinit {}

  /// Makes what `config.mysql` names, and asks each server for the time.
  ///
  /// - Throws: `EggError` that names the key, its file and line.
  static func start(_ app: ApplicationBase) async throws -> MySQLRegistry {
    let registry = MySQLRegistry(app)
    let config = app.config.mysql
    if config.client.exists, config.clients.exists {
      throw EggError(
        code: "EGG_CONFIG",
        "config.mysql: \"client\" and \"clients\" cannot both be set"
          + registry.place("mysql.clients"))
    }
    do {
      if config.client.exists {
        registry.client = try await registry.configured("mysql.client", config.client)
      }
      for (id, one) in config.clients.object ?? ValueMap() {
        registry.clients[id] = try await registry.configured("mysql.clients.\(id)", one)
      }
    } catch {
      await registry.end()
      throw error
    }
    return registry
  }

  private func configured(_ path: String, _ config: Value) async throws -> Client {
    do {
      return try await make(config, path: path)
    } catch let error as SQLError {
      let options = try? MySQLSettings.options(merged(config), path)
      let server = options.map { MySQLSettings.place($0) } ?? ""
      throw EggError(
        code: error.code,
        "config.\(path)\(place(path)): \(server): \(error.message)", cause: error)
    } catch let error as EggError {
      let key = place(MySQLSettings.key(in: error, path))
      // A key that is missing has no place; its client has.
      throw EggError(code: error.code, error.message + (key.isEmpty ? place(path) : key))
    }
  }

  /// ` (FILE:LINE:COLUMN)`
  private func place(_ path: String) -> String {
    app.config.origin(path).map { " (\($0))" } ?? ""
  }

  private func merged(_ config: Value) -> Value {
    var merged = defaults
    merged.merge(config.object ?? ValueMap())
    return .map(merged)
  }

  /// A client with `mysql.default` below its configuration, that has talked to its server.
  func make(_ config: Value, path: String = "createInstance") async throws -> Client {
    let options = try MySQLSettings.options(merged(config), path)
    let database = MySQLDatabase(options, loop)
    do {
      try await database.query("select now() as currentTime;")
    } catch {
      await database.end()
      throw error
    }
    let client = Client(database, app)
    all.append(client)
    return client
  }

  func end() async {
    let clients = all
    all = []
    for client in clients { await client.database.end() }
  }
}
