import Egg
import EggSQL
import EggSQLUnit

/// `app.sqlite`: the only client's methods, and the way to the others.
final class SQLiteFace: ExportedObject {
  let objectType = "egg.sqlite/1"
  private let app: ApplicationBase

  init(_ app: ApplicationBase) { self.app = app }

  nonisolated deinit {}

  private var registry: SQLiteRegistry? { app[SQLiteKey.self] }

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

  /// - `get(id)`: a client of `sqlite.clients`, nothing when there is none.
  /// - `createInstance(config)`, `createInstanceAsync(config)`: another client.
  /// - everything else is the only client's.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard let registry else {
      throw EggError(
        code: "EGG_SQL_NOT_READY",
        "app.sqlite.\(method): the clients are made in didLoad; use it in willReady or later")
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
          "app.sqlite.\(method): config.sqlite.client is not set; ask app.sqlite.get(id) for one of"
            + " config.sqlite.clients")
      }
      return try await client.call(method, args, ctx)
    }
  }
}
