import Egg
@_exported import EggSQL
@_exported import EggSQLClient

/// A client of a MySQL or MariaDB server.
///
///     let post = try await app.mysql.get("posts", ["id": 1], as: Post.self)
///     let result = try await app.mysql.insert("posts", ["title": "Hello World"])
public class MySQLClient: SQLRemoteClient {
  nonisolated deinit {}
}

/// `app.mysql`: the client of `config.mysql.client`, and the way to those of `config.mysql.clients`.
public final class MySQL: MySQLClient {
  private var clients: [String: MySQLClient] = [:]

  nonisolated deinit {}

  /// A client by its key in `config.mysql.clients`; nil when there is none.
  public func get(_ id: String) -> MySQLClient? {
    if let known = clients[id] { return known }
    guard let object = (try? object.get("clients"))?[id].foreign else { return nil }
    let client = MySQLClient(object, dialect: .mysql, name: "mysql")
    clients[id] = client
    return client
  }

  /// Another client, with `config.mysql.default` below its configuration. It has answered when this
  /// returns; it is closed by `end`, or with the application.
  ///
  /// - Parameter connectionConfig: asked before each connection for what is different now, a password
  ///   that expires for one.
  /// - Throws: `SQLError` when the server does not answer, `EggError` for a wrong configuration.
  public func createInstance(
    _ config: Value, connectionConfig: (@MainActor () async throws -> Value)? = nil
  ) async throws -> MySQLClient {
    var config = config
    if let connectionConfig {
      config.getConnectionConfig = try .returning(SQLHook { _ in try await connectionConfig() })
    }
    let value: Value
    do { value = try await object.invoke("createInstance", [config]) } catch {
      throw SQLError(error) ?? error
    }
    guard let object = value.foreign else { throw EggError("createInstance: no client came back") }
    return MySQLClient(object, dialect: .mysql, name: "mysql")
  }

  /// The same, by the name that Egg has for it.
  public func createInstanceAsync(
    _ config: Value, connectionConfig: (@MainActor () async throws -> Value)? = nil
  ) async throws -> MySQLClient {
    try await createInstance(config, connectionConfig: connectionConfig)
  }
}

enum MySQLFaceKey: StorageKey { typealias Value = MySQL }

extension ApplicationBase {
  fileprivate func mysqlFace(_ value: Egg.Value) -> MySQL {
    if let known = self[MySQLFaceKey.self] { return known }
    let face = MySQL(value.foreign, dialect: .mysql, name: "mysql")
    if value.exists { self[MySQLFaceKey.self] = face }
    return face
  }
}

extension Application {
  /// The plugin `mysql`. It has to be enabled.
  public var mysql: MySQL { mysqlFace(self.extension("mysql")) }
}

extension Agent {
  /// The plugin `mysql` in the agent, with `config.mysql.agent` set.
  public var mysql: MySQL { mysqlFace(self.extension("mysql")) }
}
