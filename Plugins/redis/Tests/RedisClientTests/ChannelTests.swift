import Egg
import EggRedis
import RedisClient
import RedisTestSupport
import Testing

@Suite("Redis channels") struct ChannelTests {
  @Test func `messages come in the order of publishing`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    var heard: [Int] = []
    let subscription = try await redis.subscribe("order") { heard.append(Int($0.text) ?? -1) }
    let pipeline = redis.pipeline()
    for number in 0..<2000 { pipeline.publish("order", number) }
    try await pipeline.exec()
    try await eventually("all messages") { heard.count == 2000 }
    #expect(heard == Array(0..<2000))
    try await subscription.end()
    try await eventually("nobody listens") { try await redis.publish("order", 0) == 0 }
    #expect(heard.count == 2000)
  }

  @Test func `patterns, shard channels and bytes`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    var heard: [RedisMessage] = []
    _ = try await redis.psubscribe("pat.*") { heard.append($0) }
    _ = try await redis.ssubscribe("shard") { heard.append($0) }
    try await redis.publish("pat.one", [0xFF, 0x00] as [UInt8])
    try await redis.spublish("shard", "s")
    try await eventually("two messages") { heard.count == 2 }
    #expect(
      heard == [
        RedisMessage(channel: "pat.one", pattern: "pat.*", payload: .data([0xFF, 0])),
        RedisMessage(channel: "shard", payload: "s"),
      ])
  }

  @Test func `several listen to one channel, and one may stop`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    var first = 0
    var second = 0
    let one = try await redis.subscribe("both", "other") { _ in first += 1 }
    _ = try await redis.subscribe("both") { _ in second += 1 }
    #expect(try await redis.publish("both", "x") == 1)
    try await eventually("both hear") { first == 1 && second == 1 }
    try await one.end()
    #expect(try await redis.publish("both", "y") == 1)
    try await eventually("one hears") { second == 2 }
    #expect(first == 1)
  }

  @Test func `after a loss everything is subscribed again`() async throws {
    let server = try await RedisServer.start()
    let (redis, client) = try await connected(server) { $0.maxRetryDelay = 50 }
    defer { client.end() }
    var heard: [String] = []
    _ = try await redis.subscribe("again") { heard.append($0.text) }
    _ = try await redis.psubscribe("ag*") { heard.append("pattern " + $0.text) }
    server.stop()
    try await server.restart()
    try await eventually("both are back") { (try? await redis.publish("again", "test")) == 2 }
    heard = []
    try await redis.publish("again", "here")
    try await eventually("heard again") { heard.suffix(2) == ["here", "pattern here"] }
  }

  @Test func `a channel that is not allowed is an error`() async throws {
    let server = try await RedisServer.start()
    try await server.cli("ACL", "SETUSER", "default", "resetchannels")
    let (redis, client) = try await connected(server)
    defer { client.end() }
    let error = await #expect(throws: RedisError.self) {
      _ = try await redis.subscribe("secret") { _ in }
    }
    #expect(error?.code == "NOPERM")
  }
}
