import Egg
import EggRedis

/// What is said first on a connection: who we are, which database, which protocol.
struct Greeting {
  private let options: RedisOptions

  init(_ options: RedisOptions) { self.options = options }

  /// - Throws: what the server refuses, with the configuration's key in front.
  func run(on connection: Connection, _ loop: any RedisLoop) async throws(RedisError) {
    // A server that takes the connection and says nothing.
    let timer = try? loop.timer(after: options.connectTimeout) { [options] in
      connection.close(.connect("no answer within \(options.connectTimeout) ms"))
    }
    defer { timer?.cancel() }
    if options.protocolVersion == 3 {
      try await step("protocol") { () throws(RedisError) in
        _ = try await connection.call("HELLO", "3")
      }
    }
    if let password = options.password {
      try await step("password") { () throws(RedisError) in
        if let username = options.username {
          _ = try await connection.call("AUTH", .text(username), .text(password))
        } else {
          _ = try await connection.call("AUTH", .text(password))
        }
      }
    }
    if options.db != 0 {
      try await step("db") { () throws(RedisError) in
        _ = try await connection.call("SELECT", .integer(options.db))
      }
    }
    if let name = options.connectionName {
      _ = try await connection.call("CLIENT", "SETNAME", .text(name))
    }
    if options.readOnly { _ = try await connection.call("READONLY") }
    // Says whether it wants a password, and whether it is still loading its data.
    try await step("password") { () throws(RedisError) in _ = try await connection.call("PING") }
  }

  private func step(_ key: String, _ body: () async throws(RedisError) -> Void)
    async
    throws(RedisError)
  {
    do throws(RedisError) {
      try await body()
    } catch {
      guard error.isRefusal else { throw error }
      throw RedisError(code: error.code, "\(key): \(error.message)")
    }
  }
}
