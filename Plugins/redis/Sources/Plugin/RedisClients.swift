import Egg
import EggRedis
import RedisClient

/// All clients of the configuration, and `app.redis` as other units see it.
///
/// With `config.redis.client` it is that client: every command is a method. With
/// `config.redis.clients` the method `get` gives a client by its name.
final class RedisClients: ExportedObject {
  let objectType = "egg.redis/1"
  private let app: ApplicationBase
  private let loop: ApplicationLoop
  private var client: RedisObject?
  private var clients: [String: RedisObject] = [:]
  /// Made later, by `createInstance` and `duplicate`.
  private var others: [any RedisBackend] = []

  init(_ app: ApplicationBase) {
    self.app = app
    loop = ApplicationLoop(app)
  }

  // MARK: start and end

  /// Makes the clients and waits until each is connected, unless it is `weakDependent`.
  ///
  /// - Throws: `EGG_CONFIG` for a configuration that makes no sense; otherwise what kept a client
  ///   from connecting, with the key of its configuration.
  func connect() async throws {
    let config = app.config.redis
    if config.client.exists, config.clients.exists {
      throw EggError(
        code: "EGG_CONFIG", "config.redis: \"client\" and \"clients\" cannot both be set")
    }
    var begun: [(key: String, object: RedisObject)] = []
    if config.client.exists {
      let object = try make(config.client, key: "redis.client")
      client = object
      begun.append(("redis.client", object))
    }
    if config.clients.exists {
      guard let several = config.clients.object else {
        throw RedisOptions.refusal(
          "redis.clients", "expected an object of clients, found \(config.clients.kindName)")
      }
      for (name, one) in several {
        let object = try make(one, key: "redis.clients.\(name)")
        clients[name] = object
        begun.append(("redis.clients.\(name)", object))
      }
    }
    // They connect at the same time; only the waiting is in turn.
    for (key, object) in begun { try await ready(object, key) }
  }

  private func make(_ config: Value, key: String) throws -> RedisObject {
    var merged = app.config.redis.default.object ?? ValueMap()
    guard let members = config.object else {
      throw RedisOptions.refusal(key, "expected an object, found \(config.kindName)")
    }
    merged.merge(members)
    let options = try RedisOptions(.map(merged), key: key, baseDir: app.baseDir)
    if options.nodes.isEmpty {
      let client = RedisClient(options, loop: loop)
      client.onEvent = { [logger = app.coreLogger] in Self.log($0, key, logger) }
      client.start()
      return RedisObject(client, self, waits: !options.weakDependent)
    }
    let cluster = RedisCluster(options, loop: loop)
    cluster.onEvent = { [logger = app.coreLogger] in Self.log($0, key, logger) }
    cluster.start()
    return RedisObject(cluster, self, waits: !options.weakDependent)
  }

  private func ready(_ object: RedisObject, _ key: String) async throws {
    guard object.waits else { return }
    do {
      switch object.backend {
      case let client as RedisClient: try await client.ready()
      case let cluster as RedisCluster: try await cluster.ready()
      default: break
      }
    } catch let error as RedisError {
      await quit()
      throw EggError(code: error.code, "config.\(key): \(error.message)")
    }
  }

  private static func log(_ event: RedisClient.Event, _ key: String, _ logger: Logger) {
    switch event {
    case .ready(let endpoint):
      logger.info("[egg:redis] connected", ["client": key, "server": endpoint.description])
    case .lost(let error):
      logger.warn("[egg:redis] connection lost", ["client": key, "reason": error.message])
    // Every attempt would fill the log; one is enough until it has become old.
    case .failed(let error, let attempt) where attempt == 1 || attempt % 30 == 0:
      logger.warn(
        "[egg:redis] cannot connect",
        ["client": key, "reason": error.description, "attempt": attempt] as Value)
    case .failed: break
    }
  }

  func quit() async {
    for object in clients.values { await object.backend.quit() }
    await client?.backend.quit()
    for other in others { await other.quit() }
    others = []
  }

  func keep(_ backend: any RedisBackend) -> RedisObject {
    others.removeAll { $0.status == "end" }
    others.append(backend)
    return RedisObject(backend, self, waits: false)
  }

  // MARK: as other units see it

  func property(_ name: String) throws -> Value {
    switch name {
    case "clients":
      .map(ValueMap(clients.map { ($0.key, app.value(of: $0.value)) }))
    case "client": client.map { app.value(of: $0) } ?? .null
    default: try client?.property(name) ?? .undefined
    }
  }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    if method == "createInstance" {
      let object = try make(args[0], key: "redis.createInstance")
      others.append(object.backend)
      try await ready(object, "redis.createInstance")
      return app.value(of: object)
    }
    if let client { return try await client.call(method, args, ctx) }
    if method == "get", let name = args[0].string {
      if let object = clients[name] { return app.value(of: object) }
      throw RedisError.command("config.redis.clients has no \"\(name)\"\(names)")
    }
    if clients.isEmpty {
      throw RedisError.command(
        "there is no client: set config.redis.client, and config.redis.app must not be false")
    }
    throw RedisError.command("config.redis has several clients; say which\(names)")
  }

  /// - Throws: `RedisError` when there is none of that name, or more than one and no name.
  func backend(_ name: String?) throws -> any RedisBackend {
    let found =
      name.map { clients[$0] } ?? client ?? (clients.count == 1 ? clients.first?.value : nil)
    if let found { return found.backend }
    throw RedisError.command(
      "config.redis.sessionClient: expected the name of a client, found "
        + "\(name.map { "\"\($0)\"" } ?? "none")\(names)")
  }

  private var names: String { ", there are: \(clients.keys.sorted().joined(separator: ", "))" }

  func value(of object: any ExportedObject) -> Value { app.value(of: object) }
}
