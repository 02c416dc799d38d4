import Egg
import EggRedis

/// `app.redisSessions`: a store for the plugin session, `"session": { "store": "redisSessions" }`.
///
/// Sessions are JSON under the key that their cookie names, in the client `config.redis.sessionClient`,
/// else in the only one. The server forgets them by itself when they have expired.
final class RedisSessions: ExportedObject {
  let objectType = "egg.session.store/1"
  private let app: ApplicationBase
  private let clients: RedisClients

  init(_ app: ApplicationBase, _ clients: RedisClients) {
    self.app = app
    self.clients = clients
  }

  /// - `get(key, maxAge)`, `set(key, session, maxAge)`, `destroy(key)`; milliseconds.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    let key: String = try args.get(0)
    let backend = try clients.backend(app.config.redis.sessionClient.string)
    switch method {
    case "get":
      guard let bytes = try await backend.call("GET", [.text(key)]).bytes else { return .null }
      // Somebody else's value under this key is no session.
      return (try? Value(json: bytes)) ?? .null
    case "set":
      var command: [Value] = [.text(key), .text(args[1].json)]
      if let time = args[2].int { command += ["PX", .integer(max(1, time))] }
      _ = try await backend.call("SET", command)
    case "destroy": _ = try await backend.call("DEL", [.text(key)])
    default: throw noSuchMethod(method)
    }
    return .undefined
  }
}
