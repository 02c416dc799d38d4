import Egg
import EggSQL
import EggSQLUnit

/// `app.mysql`: the only client's methods, and the way to the others.
final class MySQLFace: ExportedObject {
  let objectType = "egg.mysql/1"
  private let app: ApplicationBase

  init(_ app: ApplicationBase) { self.app = app }

  nonisolated deinit {}

  private var registry: MySQLRegistry? { app[MySQLKey.self] }

  /// `client`, `clients` (a map), and what a client has.
  func property(_ name: String) throws -> Value {
    switch name {
    case "client": return registry?.client.map { app.value(of: $0) } ?? .undefined
    case "clients":
      let clients = registry?.clients ?? [:]
      return .map(ValueMap(clients.map { ($0.key, app.value(of: $0.value)) }))
    default: return try registry?.client?.property(name) ?? .undefined
    }
  }

  /// - `get(id)`: a client of `mysql.clients`, nothing when there is none.
  /// - `createInstance(config)`, `createInstanceAsync(config)`: another client.
  /// - everything else is the only client's.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard let registry else {
      throw EggError(
        code: "EGG_SQL_NOT_READY",
        "app.mysql.\(method): the clients are made in didLoad; use it in willReady or later")
    }
    switch method {
    case "createInstance", "createInstanceAsync":
      return app.value(of: try await registry.make(args[0]))
    case "get" where registry.client == nil:
      return registry.clients[try args.get(0)].map { app.value(of: $0) } ?? .undefined
    default:
      guard let client = registry.client else {
        throw EggError(
          code: "EGG_CONFIG",
          "app.mysql.\(method): config.mysql.client is not set; ask app.mysql.get(id) for one of"
            + " config.mysql.clients")
      }
      return try await client.call(method, args, ctx)
    }
  }
}
