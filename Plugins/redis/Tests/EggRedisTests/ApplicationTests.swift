import Egg
import Foundation
import RedisTestSupport
import Testing

@Suite("app.redis") struct ApplicationTests {
  /// One Redis and one application for the tests that change nothing.
  private static let shared = Task {
    let redis = try await RedisServer.start()
    let config = #"{"redis":{"client":{"host":"127.0.0.1","port":\#(redis.port)}}}"#
    return (redis, try await ProbeServer.start(config))
  }

  @Test func `a Swift application has typed commands, batches, channels, scripts and errors`()
    async throws
  {
    let (redis, app) = try await Self.shared.value
    #expect(try await app.get("/set/Ada") == "Ada")
    #expect(try await redis.cli("GET", "value") == "Ada")
    #expect(
      try await app.get("/batch")
        == #"{"second":2,"third":"WRONGTYPE","last":"3","bytes":true,"read":[255]}"#)
    #expect(try await app.get("/channel/hi") == #"["chan*/channel/hi"] 0"#)
    #expect(try await app.get("/script") == "42")
    #expect(try await app.get("/wrong").contains(#"{"code":"WRONGTYPE","message":"Operation"#))
    #expect(try await app.get("/status") == "ready")
    #expect(try await app.get("/another/5").contains(" db=5 "))
    try await app.logs("/named/x", "config.redis.clients has no")
    #expect(app.output.contains("[egg:redis] connected"))
  }

  @Test func `a plugin in C calls commands by name`() async throws {
    let (redis, app) = try await Self.shared.value
    #expect(try await app.get("/c") == "hello from C")
    #expect(try await redis.cli("GET", "from c") == "hello from C")
  }

  @Test func `several clients by name, each with what is common`() async throws {
    let redis = try await RedisServer.start()
    let app = try await ProbeServer.start(
      """
      {"redis":{"default":{"host":"127.0.0.1","port":\(redis.port)},
        "clients":{"one":{"db":1},"two":{"keyPrefix":"two:"}}}}
      """)
    #expect(try await app.get("/named/one") == "one")
    #expect(try await app.get("/named/two") == "two")
    #expect(try await redis.cli("-n", "1", "GET", "who") == "one")
    #expect(try await redis.cli("GET", "two:who") == "two")
    try await app.logs("/set/x", "config.redis has several clients; say which, there are: one, two")
  }

  @Test func `the start waits for Redis, and says what is wrong`() async throws {
    let redis = try await RedisServer.start(["--requirepass", "secret"])
    let nowhere = try RedisServer.freePort()
    for (client, message) in [
      (
        #"{"host":"127.0.0.1","port":\#(redis.port),"password":"wrong"}"#,
        "EGG_LIFECYCLE redis: didLoad: config.redis.client: 127.0.0.1:\(redis.port): password: "
      ),
      (
        #"{"host":"127.0.0.1","port":\#(nowhere),"readyTimeout":300}"#,
        "config.redis.client: 127.0.0.1:\(nowhere): Connection refused"
      ),
      (#"{"port":\#(redis.port)}"#, "config.redis.client.host: missing"),
    ] {
      let failure = await #expect(throws: EggServer.Failure.self) {
        _ = try await ProbeServer.start(#"{"redis":{"client":\#(client)}}"#)
      }
      #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
    }
  }

  @Test func `a client that may be missing does not hold the start up`() async throws {
    let redis = try await RedisServer.start()
    redis.stop()
    let app = try await ProbeServer.start(
      """
      {"redis":{"client":{"host":"127.0.0.1","port":\(redis.port),"weakDependent":true}}}
      """)
    #expect(try await app.get("/status") == "connecting")
    async let late = app.get("/set/late")
    try await redis.restart()
    #expect(try await late == "late")
    #expect(try await app.get("/status") == "ready")
  }

  @Test func `without the plugin the error says what to do`() async throws {
    let app = try await ProbeServer.start(#"{"middleware":[]}"#, plugins: "{}")
    try await app.logs("/set/x", "app.redis: the plugin is not enabled")
  }
}
