import Egg
import EggSQL
import EggSQLClient
import EggSQLUnit
import SQLiteEngine

enum SQLiteKey: StorageKey { typealias Value = SQLiteRegistry }

/// The clients of one application.
final class SQLiteRegistry {
  typealias Client = ClientObject<SQLiteDatabase>

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
    defaults = app.config["sqlite.default"].object ?? ValueMap()
  }

  nonisolated deinit {}

  /// Makes what `config.sqlite` names, and looks into each file.
  ///
  /// - Throws: `EggError` that names the key, its file and line.
  static func start(_ app: ApplicationBase) async throws -> SQLiteRegistry {
    let registry = SQLiteRegistry(app)
    let config = app.config.sqlite
    if config.client.exists, config.clients.exists {
      throw EggError(
        code: "EGG_CONFIG",
        "config.sqlite: \"client\" and \"clients\" cannot both be set"
          + registry.place("sqlite.clients"))
    }
    do {
      if config.client.exists {
        registry.client = try await registry.configured("sqlite.client", config.client)
      }
      for (id, one) in config.clients.object ?? ValueMap() {
        registry.clients[id] = try await registry.configured("sqlite.clients.\(id)", one)
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
      let file = merged(config).database.string ?? ""
      throw EggError(
        code: error.code, "config.\(path)\(place(path)): \(file): \(error.message)", cause: error)
    } catch let error as EggError {
      let key = place(SQLiteSettings.key(in: error, path))
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

  /// A client with `sqlite.default` below its configuration, whose file is open.
  func make(_ config: Value, path: String = "createInstance") async throws -> Client {
    let options = try SQLiteSettings.options(merged(config), path, baseDir: app.baseDir)
    let database = SQLiteDatabase(options, loop)
    do {
      try await database.query("pragma user_version")
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
