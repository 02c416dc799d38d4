import Egg
import RedisClient
import SocketIO
import SocketIORedis

/// `config.io.redis`: a connection of Socket.IO's own, and the adapters of all namespaces on it.
///
/// `host`, `port`, `auth_pass` and `db` are as Egg has them; all other options of a client of the
/// plugin `redis` are understood too, and `key`, `requestsTimeout`, `sharded`,
/// `publishOnSpecificResponseChannel`, `subscriptionMode`.
public final class RedisBridge {
  let loop: ApplicationLoop
  private let client: RedisClient
  private let options: AdapterOptions
  private let isSharded: Bool
  private let logger: Logger

  /// - Throws: `EGG_CONFIG` with the key that does not fit.
  public init(_ config: Value, app: ApplicationBase) throws {
    let key = "io.redis"
    guard var members = config.object else {
      throw RedisOptions.refusal(key, "expected an object, found \(config.kindName)")
    }
    var adapter = AdapterOptions()
    if let prefix = members["key"]?.string { adapter.key = prefix }
    if let time = members["requestsTimeout"] {
      guard let time = time.int, (1...3_600_000).contains(time) else {
        throw RedisOptions.refusal("\(key).requestsTimeout", "expected 1 to 3600000 milliseconds")
      }
      adapter.requestsTimeout = time
    }
    adapter.publishOnSpecificResponseChannel =
      members["publishOnSpecificResponseChannel"]?.isTruthy == true
    switch members["subscriptionMode"]?.string {
    case nil, "dynamic": break
    case "static": adapter.subscriptionMode = .static
    case let mode?:
      throw RedisOptions.refusal(
        "\(key).subscriptionMode", "expected \"dynamic\" or \"static\", found \"\(mode)\"")
    }
    isSharded = members["sharded"]?.isTruthy == true
    if let password = members["auth_pass"], members["password"] == nil {
      members["password"] = password
    }
    for own in [
      "key", "requestsTimeout", "publishOnSpecificResponseChannel", "subscriptionMode", "sharded",
      "auth_pass",
    ] { members[own] = nil }
    options = adapter
    loop = ApplicationLoop(app)
    logger = app.coreLogger
    var redis = try RedisOptions(.map(members), key: key, baseDir: app.baseDir)
    redis.enableOfflineQueue = false
    client = RedisClient(redis, loop: loop)
    client.onEvent = { [logger] event in
      switch event {
      case .ready(let endpoint):
        logger.info("[egg:socketio] redis connected", ["server": endpoint.description])
      case .lost(let error):
        logger.warn("[egg:socketio] redis lost", ["reason": error.message])
      case .failed(let error, 1):
        logger.warn("[egg:socketio] redis cannot be reached", ["reason": error.description])
      case .failed: break
      }
    }
  }

  /// Connects.
  ///
  /// - Throws: why not, with the configuration's key.
  public func start() async throws {
    client.start()
    do {
      try await client.ready()
    } catch {
      client.end()
      let failure = EggError(error)
      throw EggError(code: failure.code, "config.io.redis: \(failure.message)")
    }
  }

  public var isConnected: Bool { client.status == "ready" }

  public func end() async { await client.quit() }

  /// For `SocketServer.makeAdapter`.
  public func adapter(_ namespace: Namespace) -> any Adapter {
    let adapter = RedisSocketAdapter(namespace, self)
    adapter.start()
    return adapter
  }

  func makeAdapter(_ namespace: String, _ host: any AdapterHost) -> any RedisAdapter {
    isSharded
      ? ShardedAdapter(client, namespace: namespace, host: host, loop: loop, options: options)
      : ClassicAdapter(client, namespace: namespace, host: host, loop: loop, options: options)
  }

  func failed(_ namespace: String, _ error: any Error) {
    logger.error(
      "[egg:socketio] this namespace has no connection to other servers",
      ["namespace": namespace, "reason": EggError(error).description])
  }
}
