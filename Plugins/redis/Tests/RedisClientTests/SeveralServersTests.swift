import Egg
import EggRedis
import Foundation
import RedisClient
import RedisTestSupport
import Testing

@Suite("Redis on several servers") struct SeveralServersTests {
  @Test func `sentinels name the master, and the next one when it is gone`() async throws {
    let master = try await RedisServer.start()
    let replica = try await RedisServer.start(["--replicaof", "127.0.0.1 \(master.port)"])
    let sentinel = try await RedisServer.start(sentinel: true)
    try await sentinel.cli("SENTINEL", "MONITOR", "main", "127.0.0.1", String(master.port), "1")
    try await sentinel.cli("SENTINEL", "SET", "main", "down-after-milliseconds", "200")
    try await sentinel.cli("SENTINEL", "SET", "main", "failover-timeout", "2000")
    var options = RedisOptions()
    options.readyTimeout = 120_000
    options.sentinels = [
      .tcp(host: "127.0.0.1", port: try RedisServer.freePort()),
      .tcp(host: "127.0.0.1", port: sentinel.port),
    ]
    options.name = "main"
    options.maxRetryDelay = 100
    options.maxRetriesPerRequest = 0
    let client = RedisClient(options, loop: TestLoop())
    defer { client.end() }
    client.start()
    try await client.ready()
    let redis = Redis(client)
    try await redis.set("key", "kept")
    try await eventually("the replica has it") { try await replica.cli("GET", "key") == "kept" }
    try await eventually("the sentinel knows the replica") {
      try await sentinel.cli("SENTINEL", "REPLICAS", "main").contains(String(replica.port))
    }
    master.stop()
    try await eventually("another master", seconds: 120) {
      guard (try? await redis.set("key", "moved")) == true else { return false }
      return try await replica.cli("GET", "key") == "moved"
    }

    options.name = "unknown"
    options.readyTimeout = 2000
    let lost = RedisClient(options, loop: TestLoop())
    defer { lost.end() }
    lost.start()
    let error = await #expect(throws: RedisError.self) { try await lost.ready() }
    #expect(error?.message.hasPrefix("no sentinel knows \"unknown\": ") == true)
  }

  @Test func `a cluster: each key at its node, also while slots move`() async throws {
    var servers: [RedisServer] = []
    for _ in 0..<3 {
      // The bus has a port of its own, which may be taken: then another.
      servers.append(
        try await RedisServer.start([
          "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port",
          String(try RedisServer.freePort()), "--cluster-node-timeout", "2000",
        ]))
    }
    let addresses = servers.map { "127.0.0.1:\($0.port)" }
    try await RedisServer.run(
      ["redis-cli", "--cluster", "create"] + addresses + ["--cluster-yes"])
    var options = RedisOptions()
    options.readyTimeout = 120_000
    options.nodes = [.tcp(host: "127.0.0.1", port: servers[0].port)]
    let cluster = RedisCluster(options, loop: TestLoop())
    try await cluster.ready()
    let redis = Redis(cluster)
    for number in 0..<60 { try await redis.set("key\(number)", number) }
    for number in 0..<60 { #expect(try await redis.get("key\(number)") == String(number)) }
    var sizes: [String] = []
    for server in servers { sizes.append(try await server.cli("DBSIZE")) }
    #expect(sizes.compactMap { Int($0) }.reduce(0, +) == 60)
    #expect(sizes.allSatisfy { $0 != "0" })
    let results = try await redis.pipeline().get("key1").get("key2").get("key3").exec()
    #expect(try results.map { try $0.get().string } == ["1", "2", "3"])
    let both = try await redis.multi().set("{t}a", 1).set("{t}b", 2).exec()
    #expect(both.count == 2)
    let crossing = await #expect(throws: RedisError.self) {
      try await redis.multi().set("key1", 1).set("key2", 2).exec()
    }
    #expect(crossing?.code == "CROSSSLOT")

    // key1 begins to move: it is asked for at its new node, and in the end lives there.
    let slot = try await servers[0].cli("CLUSTER", "KEYSLOT", "key1")
    var ids: [String] = []
    var from = 0
    for (place, server) in servers.enumerated() {
      ids.append(try await server.cli("CLUSTER", "MYID"))
      if try await server.cli("CLUSTER", "COUNTKEYSINSLOT", slot) != "0" { from = place }
    }
    let to = (from + 1) % 3
    try await servers[to].cli("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from])
    try await servers[from].cli("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to])
    try await servers[from].cli(
      "MIGRATE", "127.0.0.1", String(servers[to].port), "key1", "0", "1000")
    #expect(try await redis.get("key1") == "1")
    for place in [to, from, 3 - to - from] {
      try await servers[place].cli("CLUSTER", "SETSLOT", slot, "NODE", ids[to])
    }
    #expect(try await redis.get("key1") == "1")
    #expect(try await redis.incr("key1") == 2)

    var heard: [String] = []
    _ = try await redis.ssubscribe("room1", "room2") { heard.append($0.channel) }
    try await redis.spublish("room1", "x")
    try await redis.spublish("room2", "x")
    try await eventually("both rooms") { heard.sorted() == ["room1", "room2"] }
    await redis.quit()
  }
}
