import Egg
import EggSQL

/// `app.mysql`, `app.sqlite`: the only client's methods, and the way to the others.
public final class DatabaseFace<Plugin: DatabasePlugin>: ExportedObject {
  public let objectType = "egg.\(Plugin.name)/1"
  private let app: ApplicationBase

  public init(_ app: ApplicationBase) { self.app = app }

  nonisolated deinit {}

  private var known: DatabaseRegistry<Plugin>?
  private var registry: DatabaseRegistry<Plugin>? {
    if known == nil { known = app[DatabaseRegistryKey<Plugin>.self] }
    return known
  }

  /// `client`, `clients` (a map), and what a client has.
  public func property(_ name: String) throws -> Value {
    switch name {
    case "client": return registry?.client.map { app.value(of: $0) } ?? .undefined
    case "clients":
      let clients = registry?.clients ?? [:]
      return .map(ValueMap(clients.map { ($0.key, app.value(of: $0.value)) }))
    default: return try registry?.client?.property(name) ?? .undefined
    }
  }

  /// The only client's.
  public func interface(_ id: String) -> UnsafeRawPointer? { registry?.client?.interface(id) }

  /// - `get(id)`: a client of `config.NAME.clients`, nothing when there is none.
  /// - `createInstance(config)`, `createInstanceAsync(config)`: another client.
  /// - everything else is the only client's.
  public func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard let registry else {
      throw EggError(
        code: "EGG_SQL_NOT_READY",
        "app.\(Plugin.name).\(method): the clients are made in didLoad; use it in willReady or later"
      )
    }
    switch method {
    case "createInstance", "createInstanceAsync":
      return app.value(of: try await registry.make(args[0], path: method))
    case "get" where registry.client == nil:
      return registry.clients[try args.get(0)].map { app.value(of: $0) } ?? .undefined
    default:
      guard let client = registry.client else {
        throw EggError(
          code: "EGG_CONFIG",
          "app.\(Plugin.name).\(method): config.\(Plugin.name).client is not set; ask"
            + " app.\(Plugin.name).get(id) for one of config.\(Plugin.name).clients")
      }
      return try await client.call(method, args, ctx)
    }
  }
}
