import Egg
@_exported import EggSQL
@_exported import EggSQLClient

/// A database in a file or in memory.
///
///     let post = try await app.sqlite.get("posts", ["id": 1], as: Post.self)
///     let result = try await app.sqlite.insert("posts", ["title": "Hello World"])
public class SQLiteClient: SQLRemoteClient {
  nonisolated deinit {}
}

/// `app.sqlite`: the client of `config.sqlite.client`, and the way to those of `config.sqlite.clients`.
public final class SQLite: SQLiteClient {
  private var clients: [String: SQLiteClient] = [:]

  nonisolated deinit {}

  /// A client by its key in `config.sqlite.clients`; nil when there is none.
  public func get(_ id: String) -> SQLiteClient? {
    if let known = clients[id] { return known }
    guard let object = (try? object.get("clients"))?[id].foreign else { return nil }
    let client = SQLiteClient(object, dialect: .sqlite, name: "sqlite")
    clients[id] = client
    return client
  }

  /// Another client, with `config.sqlite.default` below its configuration. Its file is open when this
  /// returns; it is closed by `end`, or with the application.
  ///
  /// - Throws: `SQLError` when the file cannot be opened, `EggError` for a wrong configuration.
  public func createInstance(_ config: Value) async throws -> SQLiteClient {
    let value: Value
    do { value = try await object.invoke("createInstance", [config]) } catch {
      throw SQLError(error) ?? error
    }
    guard let object = value.foreign else { throw EggError("createInstance: no client came back") }
    return SQLiteClient(object, dialect: .sqlite, name: "sqlite")
  }
}

enum SQLiteFaceKey: StorageKey { typealias Value = SQLite }

extension ApplicationBase {
  fileprivate func sqliteFace(_ value: Egg.Value) -> SQLite {
    if let known = self[SQLiteFaceKey.self] { return known }
    let face = SQLite(value.foreign, dialect: .sqlite, name: "sqlite")
    if value.exists { self[SQLiteFaceKey.self] = face }
    return face
  }
}

extension Application {
  /// The plugin `sqlite`. It has to be enabled.
  public var sqlite: SQLite { sqliteFace(self.extension("sqlite")) }
}

extension Agent {
  /// The plugin `sqlite` in the agent, with `config.sqlite.agent` set.
  public var sqlite: SQLite { sqliteFace(self.extension("sqlite")) }
}
