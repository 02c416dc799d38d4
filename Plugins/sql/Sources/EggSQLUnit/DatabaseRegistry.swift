import Egg
import EggSQL
import EggSQLClient

enum DatabaseRegistryKey<Plugin: DatabasePlugin>: StorageKey {
  typealias Value = DatabaseRegistry<Plugin>
}

/// The clients of one application.
public final class DatabaseRegistry<Plugin: DatabasePlugin> {
  typealias Client = ClientObject<Plugin.Database>

  private let app: ApplicationBase
  private let defaults: ValueMap
  private(set) var client: Client?
  private(set) var clients: [String: Client] = [:]
  /// Everything that was made and has to be closed, instances of applications among them.
  private var all: [Client] = []

  private init(_ app: ApplicationBase) {
    self.app = app
    defaults = app.config["\(Plugin.name).default"].object ?? ValueMap()
  }

  nonisolated deinit {}

  /// Makes what `config.NAME` names, and waits until each has answered.
  ///
  /// - Throws: `EggError` that names the key, its file and line.
  public static func start(_ app: ApplicationBase) async throws {
    let registry = DatabaseRegistry(app)
    let name = Plugin.name
    let config = app.config[name]
    if config.client.exists, config.clients.exists {
      throw EggError(
        code: "EGG_CONFIG",
        "config.\(name): \"client\" and \"clients\" cannot both be set"
          + registry.place("\(name).clients"))
    }
    do {
      if config.client.exists {
        registry.client = try await registry.configured("\(name).client", config.client)
      }
      for (id, one) in config.clients.object ?? ValueMap() {
        registry.clients[id] = try await registry.configured("\(name).clients.\(id)", one)
      }
    } catch {
      await registry.end()
      throw error
    }
    app[DatabaseRegistryKey<Plugin>.self] = registry
  }

  /// Closes all clients of the application.
  public static func end(_ app: ApplicationBase) async {
    await app[DatabaseRegistryKey<Plugin>.self]?.end()
  }

  private func configured(_ path: String, _ config: Value) async throws -> Client {
    do {
      return try await make(config, path: path) {
        "config.\(path)\(self.place(path)): \(Plugin.place(of: $0)): "
      }
    } catch let error as EggError {
      guard let key = ClientSettings.key(in: error) else { throw error }
      let place = place(key)
      // A key that is missing has no place; its client has.
      throw EggError(code: error.code, error.message + (place.isEmpty ? self.place(path) : place))
    }
  }

  /// ` (FILE:LINE:COLUMN)`
  private func place(_ path: String) -> String {
    app.config.origin(path).map { " (\($0))" } ?? ""
  }

  /// A client with `config.NAME.default` below its configuration, that has answered.
  ///
  /// - Parameter subject: of the message when it does not answer.
  func make(
    _ config: Value, path: String, subject: (Plugin.Database) -> String = { _ in "" }
  ) async throws -> Client {
    var merged = defaults
    merged.merge(config.object ?? ValueMap())
    var settings = ClientSettings(.map(merged), path)
    let isLogging = try settings.flag("logging") ?? false
    let database = try Plugin.database(&settings, app)
    do {
      try settings.finish()
      try await database.query(Plugin.greeting)
    } catch let error as SQLError {
      await database.end()
      let subject = subject(database)
      guard !subject.isEmpty else { throw error }
      throw EggError(code: error.code, subject + error.message, cause: error)
    } catch {
      await database.end()
      throw error
    }
    if isLogging { log(database) }
    let client = Client(database, app)
    all.append(client)
    return client
  }

  /// Statements have values in them, which are for nobody's eyes but a developer's.
  private func log(_ database: Plugin.Database) {
    database.afterQuery { [app] report in
      let connection = report.connection.map { " connection \($0)" } ?? ""
      var failure = ""
      if case .failure(let error) = report.result { failure = " failed: \(error)" }
      app.logger.debug(
        "[\(Plugin.name)]\(connection) \(report.milliseconds)ms \(SQLError.cut(report.sql))\(failure)"
      )
    }
  }

  private func end() async {
    let clients = all
    all = []
    for client in clients { await client.database.end() }
  }
}
