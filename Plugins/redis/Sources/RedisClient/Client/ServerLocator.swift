import Egg
import EggRedis

/// Where the server is: as configured, or as a sentinel says.
final class ServerLocator {
  private let options: RedisOptions
  private let loop: any RedisLoop
  /// The sentinel that answered last is asked first.
  private var sentinels: [Endpoint]

  init(_ options: RedisOptions, _ loop: any RedisLoop) {
    self.options = options
    self.loop = loop
    sentinels = options.sentinels
  }

  /// - Throws: `EGG_REDIS_CONNECT` when no sentinel knows the master; with what each said.
  func endpoint() async throws(RedisError) -> Endpoint {
    guard let name = options.name, !sentinels.isEmpty else { return options.endpoint }
    var failures: [String] = []
    for (place, sentinel) in sentinels.enumerated() {
      do throws(RedisError) {
        let master = try await ask(sentinel, name)
        sentinels.swapAt(0, place)
        return master
      } catch {
        failures.append(error.message)
      }
    }
    throw .connect("no sentinel knows \"\(name)\": \(failures.joined(separator: "; "))")
  }

  private func ask(_ sentinel: Endpoint, _ name: String) async throws(RedisError) -> Endpoint {
    let connection = Connection(
      sentinel, tls: options.tls, loop: loop, commandTimeout: options.connectTimeout)
    try await connection.open(timeout: options.connectTimeout)
    defer { connection.close(.closed("done")) }
    if let password = options.sentinelPassword {
      if let username = options.sentinelUsername {
        _ = try await connection.call("AUTH", .text(username), .text(password))
      } else {
        _ = try await connection.call("AUTH", .text(password))
      }
    }
    let reply = try await connection.call("SENTINEL", "get-master-addr-by-name", .text(name))
    guard let host = Self.text(reply[0]), let port = Self.text(reply[1]).flatMap({ Int($0) }) else {
      throw .connect("\(sentinel): no master of this name")
    }
    return .tcp(host: host, port: port)
  }

  /// A sentinel may still name a master that has become a replica.
  func verify(_ connection: Connection) async throws(RedisError) {
    guard options.name != nil, !options.sentinels.isEmpty else { return }
    let role = try await connection.call("ROLE")
    guard let role = Self.text(role[0]), role == "master" else {
      throw .connect("not the master any more")
    }
  }

  private static func text(_ value: Value) -> String? {
    value.string ?? value.int.map(String.init)
  }
}
