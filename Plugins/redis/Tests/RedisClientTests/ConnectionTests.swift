import Egg
import EggRedis
import Foundation
import RedisClient
import RedisTestSupport
import Testing

@Suite("Redis connections") struct ConnectionTests {
  @Test func `a server that dies and returns is found again, and commands wait meanwhile`()
    async throws
  {
    let server = try await RedisServer.start()
    let (redis, client) = try await connected(server) { $0.maxRetryDelay = 50 }
    defer { client.end() }
    var events: [RedisClient.Event] = []
    client.onEvent = { events.append($0) }
    try await redis.set("before", 1)
    server.stop()
    try await eventually("the loss is noticed") { redis.status == "reconnecting" }
    let waiting = (0..<100).map { number in Task { try await redis.incrby("after", number) } }
    try await Task.sleep(for: .milliseconds(100))
    try await server.restart()
    for task in waiting { _ = try await task.value }
    #expect(try await redis.get("after") == "4950")
    #expect(redis.status == "ready")
    guard case .lost(let reason)? = events.first else {
      Issue.record("no loss among \(events)")
      return
    }
    #expect(reason.code == "EGG_REDIS_LOST")
    #expect(events.last == .ready(.tcp(host: "127.0.0.1", port: server.port)))
  }

  @Test func `commands that were on their way when the connection ended fail`() async throws {
    let server = try await RedisServer.start()
    let (redis, client) = try await connected(server)
    defer { client.end() }
    server.freeze()
    let tasks = (0..<100).map { _ in Task { try await redis.ping() } }
    let batch = Task { try await redis.pipeline().set("a", 1).get("a").exec() }
    try await Task.sleep(for: .milliseconds(30))
    server.stop()
    for task in tasks {
      let error = await #expect(throws: RedisError.self) { try await task.value }
      #expect(error?.code == "EGG_REDIS_LOST")
    }
    let results = try await batch.value
    #expect(results.count == 2)
    #expect(throws: RedisError.self) { try results[1].get() }
  }

  @Test func `waiting commands are limited, in number and by attempts`() async throws {
    let server = try await RedisServer.start()
    let (redis, client) = try await connected(server) {
      $0.offlineQueueLimit = 2
      $0.maxRetriesPerRequest = 3
      $0.retryDelay = 20
    }
    defer { client.end() }
    server.stop()
    try await eventually("the loss is noticed") { redis.status == "reconnecting" }
    let first = Task { try await redis.ping() }
    let second = Task { try await redis.ping() }
    await Task.yield()
    let full = await #expect(throws: RedisError.self) { try await redis.ping() }
    #expect(full?.code == "EGG_REDIS_QUEUE")
    #expect(full?.message.contains("offlineQueueLimit") == true)
    for task in [first, second] {
      let error = await #expect(throws: RedisError.self) { try await task.value }
      #expect(error?.code == "EGG_REDIS_CONNECT")
      #expect(error?.message.contains("(3 attempts)") == true)
    }
  }

  @Test func `without the queue commands fail at once`() async throws {
    let server = try await RedisServer.start()
    let (redis, client) = try await connected(server) { $0.enableOfflineQueue = false }
    defer { client.end() }
    server.stop()
    try await eventually("the loss is noticed") { redis.status == "reconnecting" }
    let error = await #expect(throws: RedisError.self) { try await redis.ping() }
    #expect(error?.code == "EGG_REDIS_QUEUE")
  }

  @Test func `a reply that does not come in time is an error, and the next one is not mixed up`()
    async throws
  {
    let server = try await RedisServer.start()
    let (redis, client) = try await connected(server) { $0.commandTimeout = 60 }
    defer { client.end() }
    server.freeze()
    let late = Task { try await redis.call("ECHO", "late").string }
    let error = await #expect(throws: RedisError.self) { try await late.value }
    #expect(error?.code == "EGG_REDIS_TIMEOUT")
    server.thaw()
    // Others keep this process busy, so that one or another may be late too.
    try await eventually("a reply in time") {
      guard let reply = try? await redis.call("ECHO", "in time") else { return false }
      #expect(reply.string == "in time")
      return true
    }
  }

  @Test func `a server that takes the connection and is silent is given up in time`() async throws {
    let server = try await RedisServer.start()
    server.freeze()
    defer { server.thaw() }
    var options = RedisOptions()
    options.readyTimeout = 120_000
    (options.port, options.connectTimeout) = (server.port, 50)
    let client = RedisClient(options, loop: TestLoop())
    defer { client.end() }
    var failure: RedisError?
    client.onEvent = { if case .failed(let error, _) = $0 { failure = error } }
    client.start()
    try await eventually("the attempt fails") { failure != nil }
    #expect(failure == .connect("127.0.0.1:\(server.port): no answer within 50 ms"))
  }

  @Test func `nobody there at the start: the error says where and why`() async throws {
    var options = RedisOptions()
    options.port = try RedisServer.freePort()
    options.readyTimeout = 3000
    let client = RedisClient(options, loop: TestLoop())
    defer { client.end() }
    client.start()
    let error = await #expect(throws: RedisError.self) { try await client.ready() }
    #expect(error?.description == "EGG_REDIS_CONNECT 127.0.0.1:\(options.port): Connection refused")
  }

  @Test func `a password is wanted: right, wrong, none, and with a name`() async throws {
    let server = try await RedisServer.start(["--requirepass", "secret"])
    let (redis, client) = try await connected(server) { $0.password = "secret" }
    defer { client.end() }
    try await redis.call("ACL", "SETUSER", "ada", "on", ">lovelace", "~*", "+@all")
    let (other, second) = try await connected(server) {
      ($0.username, $0.password, $0.db, $0.connectionName) = ("ada", "lovelace", 3, "mine")
    }
    defer { second.end() }
    #expect(try await other.call("ACL", "WHOAMI").string == "ada")
    let info = try await other.call("CLIENT", "INFO").string
    #expect(info?.contains(" name=mine ") == true && info?.contains(" db=3 ") == true)
    for (password, code) in [("wrong", "WRONGPASS"), (nil, "NOAUTH")] {
      let error = await #expect(throws: RedisError.self) {
        _ = try await connected(server) {
          $0.password = password
          $0.readyTimeout = 30_000
        }
      }
      #expect(error?.code == code)
      #expect(error?.message.hasPrefix("127.0.0.1:\(server.port): password: ") == true)
    }
    let database = await #expect(throws: RedisError.self) {
      _ = try await connected(server) { ($0.password, $0.db) = ("secret", 99) }
    }
    #expect(database?.message.contains("db: DB index is out of range") == true)
  }

  @Test func `a Unix socket will do, and a name of a host`() async throws {
    let server = try await SharedServer.get()
    let (redis, client) = try await connected(server) { $0.path = server.socket }
    defer { client.end() }
    #expect(try await redis.ping() == "PONG")
    let (named, second) = try await connected(server) { $0.host = "localhost" }
    defer { second.end() }
    #expect(try await named.ping() == "PONG")
    let error = await #expect(throws: RedisError.self) {
      _ = try await connected(server) {
        $0.host = "no-such-host.invalid"
        $0.readyTimeout = 2000
      }
    }
    #expect(error?.code == "EGG_REDIS_CONNECT")
  }

  @Test func `quit lets what was sent be answered, and nothing new in`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    let tasks = (0..<100).map { number in Task { try await redis.echo(number).string } }
    await Task.yield()
    await redis.quit()
    for (number, task) in tasks.enumerated() { #expect(try await task.value == String(number)) }
    let error = await #expect(throws: RedisError.self) { try await redis.ping() }
    #expect(error?.code == "EGG_REDIS_CLOSED")
    #expect(client.status == "end")
  }
}
