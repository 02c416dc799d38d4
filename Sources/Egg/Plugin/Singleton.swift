/// One or several clients of a kind, made from `config.NAME`: what `app.mysql` is.
///
///     let mysql = try await app.addSingleton("mysql") { config, app in
///       try await MySQLClient(config.decode())
///     }
///     mysql.client                  // config.mysql.client
///     mysql.get("db1")              // config.mysql.clients.db1
///     try await mysql.createInstance(["host": "…"])
///
/// Configuration: `client` for one, `clients` for several by name, `default` merged into each.
public final class Singleton<Client> {
  public let name: String
  private let app: ApplicationBase
  private let create: @MainActor (Value, ApplicationBase) async throws -> Client
  private var defaults = ValueMap()
  /// The only client; nil with several.
  public private(set) var client: Client?
  public private(set) var clients: [String: Client] = [:]

  init(
    _ name: String, _ app: ApplicationBase,
    _ create: @escaping @MainActor (Value, ApplicationBase) async throws -> Client
  ) {
    self.name = name
    self.app = app
    self.create = create
  }

  func start() async throws {
    let config = app.config[name]
    defaults = config["default"].object ?? ValueMap()
    if config.client.exists && config.clients.exists {
      throw EggError(
        code: "EGG_CONFIG", "config.\(name): \"client\" and \"clients\" cannot both be set")
    }
    if config.client.exists { client = try await createInstance(config.client) }
    for (id, one) in config.clients.object ?? ValueMap() {
      clients[id] = try await createInstance(one)
    }
  }

  /// A client by its key in `config.NAME.clients`.
  public func get(_ id: String) -> Client? { clients[id] }

  /// Another client, with `config.NAME.default` below its configuration.
  public func createInstance(_ config: Value) async throws -> Client {
    var merged = defaults
    merged.merge(config.object ?? ValueMap())
    return try await create(.map(merged), app)
  }
}

extension ApplicationBase {
  /// Makes the clients of a plugin from `config.NAME`; call it in `didLoad` or `beforeStart`.
  ///
  /// - Throws: what `create` throws; `EggError` when the configuration names both forms.
  public func addSingleton<Client>(
    _ name: String,
    _ create: @escaping @MainActor (Value, ApplicationBase) async throws -> Client
  ) async throws -> Singleton<Client> {
    let singleton = Singleton(name, self, create)
    try await singleton.start()
    return singleton
  }
}

/// Dotted names without quotes: `io.controller.nsp.exchange` is the path "nsp.exchange".
@dynamicMemberLookup
public struct MemberPath {
  public let path: String

  public init(_ path: String = "") { self.path = path }

  public subscript(dynamicMember name: String) -> MemberPath {
    MemberPath(path.isEmpty ? name : path + "." + name)
  }
}
