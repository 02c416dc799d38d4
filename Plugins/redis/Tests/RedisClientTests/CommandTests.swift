import Egg
import EggRedis
import RedisClient
import RedisTestSupport
import Testing

@Suite("Redis commands") struct CommandTests {
  @Test func `typed commands speak the language of the application`() async throws {
    let (redis, client) = try await connected(SharedServer.get()) { $0.keyPrefix = "typed:" }
    defer { client.end() }
    #expect(try await redis.ping() == "PONG")
    #expect(try await redis.set("name", "Ada"))
    #expect(try await redis.get("name") == "Ada")
    #expect(try await redis.get("absent") == nil)
    #expect(try await redis.set("name", "Bob", onlyIf: .absent) == false)
    #expect(try await redis.set("short", 1, expire: .seconds(60)))
    let left = try #require(try await redis.ttl("short"))
    #expect(left > .seconds(50) && left <= .seconds(60))
    #expect(try await redis.ttl("name") == nil)
    #expect(try await redis.incrby("count", 41) == 41)
    #expect(try await redis.incr("count") == 42)
    #expect(try await redis.hset("hash", ["a": 1, "b": "two"]) == 2)
    #expect(try await redis.hgetall("hash") == ["a": "1", "b": "two"])
    #expect(try await redis.rpush("list", "a", 2, 3.5) == 3)
    #expect(try await redis.lrange("list", 0, -1) == ["a", "2", "3.5"])
    #expect(try await redis.sadd("set", "x", "y", "x") == 2)
    #expect(try await redis.smembers("set") == ["x", "y"])
    #expect(try await redis.sismember("set", "y"))
    #expect(try await redis.zadd("scores", 1.5, "low") == 1)
    #expect(try await redis.zscore("scores", "low") == 1.5)
    #expect(try await redis.mget(["name", "absent", "count"]) == ["Ada", nil, "42"])
    #expect(try await redis.exists("name", "count", "absent") == 2)
    #expect(try await redis.del("name", "count") == 2)
  }

  @Test func `every command is there by its name, lists and objects are written out`() async throws
  {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let fields: Value = ["x": 1, "y": "zwei"]
    #expect(try await redis.hmset("byname", fields).string == "OK")
    #expect(
      try await redis.hmget("byname", ["x", "y", "z"]) == .list(["1", "zwei", .null]))
    #expect(try await redis.call("object", "encoding", "byname").string == "listpack")
    #expect(try await redis.call("TYPE", "byname").string == "hash")
  }

  @Test func `values are bytes, whatever they hold`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let all = (0...255).map { UInt8($0) }
    try await redis.set("bytes", all)
    #expect(try await redis.getBytes("bytes") == all)
    #expect(try await redis.call("GET", "bytes") == .data(all))
    try await redis.set("line", "a\r\n$3\r\nb\0c")
    #expect(try await redis.get("line") == "a\r\n$3\r\nb\0c")
    try await redis.call("SET", all, "as key")
    #expect(try await redis.call("GET", all).string == "as key")
    #expect(try await redis.set("", ""))
    #expect(try await redis.get("") == "")
  }

  @Test func `a value of many megabytes comes back as it went`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let huge = [UInt8](unsafeUninitializedCapacity: 24 << 20) { buffer, count in
      for place in buffer.indices { buffer[place] = UInt8(truncatingIfNeeded: place &* 31 >> 3) }
      count = buffer.count
    }
    try await redis.set("huge", huge)
    #expect(try await redis.getBytes("huge") == huge)
    try await redis.del("huge")
  }

  @Test func `the server's refusals have their code`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    try await redis.set("text", "x")
    let error = await #expect(throws: RedisError.self) { try await redis.lpush("text", 1) }
    #expect(error?.code == "WRONGTYPE")
    #expect(error?.message.hasPrefix("Operation against a key") == true)
    let unknown = await #expect(throws: RedisError.self) { try await redis.nonsense(1) }
    #expect(unknown?.code == "ERR")
    #expect(EggError(error!).code == "WRONGTYPE" && EggError(error!).status == 500)
  }

  @Test func `ten thousand commands in one go have ten thousand results in order`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let pipeline = redis.pipeline()
    for number in 0..<10_000 { pipeline.echo(number) }
    let results = try await pipeline.exec()
    #expect(results.count == 10_000)
    #expect(try results.enumerated().allSatisfy { try $1.get().string == String($0) })
    #expect(pipeline.count == 0)
  }

  @Test func `ten thousand tasks at once get each its own answer`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let tasks = (0..<10_000).map { number in
      Task { try await redis.echo(number).string == String(number) }
    }
    for task in tasks { #expect(try await task.value) }
  }

  @Test func `an error in a pipeline is the result of its command alone`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let results = try await redis.pipeline().set("p", "x").incr("p").get("p").exec()
    #expect(try results[0].get().string == "OK")
    #expect(throws: RedisError.self) { try results[1].get() }
    #expect(try results[2].get().string == "x")
  }

  @Test func `a transaction runs as a whole, or not at all`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let results = try await redis.multi().set("t", 1).incr("t").lpush("t", 1).get("t").exec()
    #expect(try results[1].get().int == 2)
    #expect(throws: RedisError.self) { try results[2].get() }
    #expect(try results[3].get().string == "2")

    let refused = await #expect(throws: RedisError.self) {
      try await redis.multi().set("t", 100).call("nonsense").exec()
    }
    #expect(refused?.code == "EXECABORT")
    #expect(refused?.message.contains("nonsense") == true)
    #expect(try await redis.get("t") == "2")
  }

  @Test func `a transaction is given up when a watched key has changed`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let other = try await redis.duplicate()
    try await other.call("WATCH", "watched")
    try await redis.set("watched", "new")
    #expect(try await other.multi().set("watched", "mine").run() == nil)
    let error = await #expect(throws: RedisError.self) {
      try await other.call("WATCH", "watched")
      try await redis.set("watched", "newer")
      try await other.multi().set("watched", "mine").exec()
    }
    #expect(error?.code == "EGG_REDIS_WATCH")
    #expect(try await redis.get("watched") == "newer")
    await other.quit()
    #expect(other.status == "end")
  }

  @Test func `a script travels once, and again when the server has forgotten it`() async throws {
    let server = try await SharedServer.get()
    let (redis, client) = try await connected(server) { $0.keyPrefix = "lua:" }
    defer { client.end() }
    let add = redis.defineCommand(
      numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)")
    #expect(try await add("counter", 5).int == 10)
    #expect(try await add("counter", 5).int == 20)
    try await server.cli("SCRIPT", "FLUSH")
    #expect(try await add("counter", 1).int == 22)
    #expect(try await server.cli("GET", "lua:counter") == "22")
    let error = await #expect(throws: RedisError.self) {
      try await redis.eval("return redis.error_reply('MINE is broken')")
    }
    #expect(error?.code == "MINE" && error?.message == "is broken")
  }

  @Test func `a scan finds every key once or more`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let pipeline = redis.pipeline()
    for number in 0..<500 { pipeline.set("scan:\(number)", number) }
    try await pipeline.exec()
    var found = Set<String>()
    var parts = 0
    for try await keys in redis.scan(match: "scan:*", count: 50) {
      found.formUnion(keys)
      parts += 1
    }
    #expect(found.count == 500 && parts > 1)
  }

  @Test func `a command that waits does not keep others waiting`() async throws {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let waiting = Task { try await redis.blpop("queue", timeout: .seconds(20)) }
    for _ in 0..<10 { #expect(try await redis.ping() == "PONG") }
    try await redis.rpush("queue", "job")
    let job = try #require(try await waiting.value)
    #expect(job.key == "queue" && job.value == "job")
    #expect(try await redis.blpop("queue", timeout: .milliseconds(10)) == nil)
  }

  @Test(arguments: ["SUBSCRIBE", "monitor", "quit"])
  func `commands that would take the connection from others are refused`(name: String)
    async throws
  {
    let (redis, client) = try await connected(SharedServer.get())
    defer { client.end() }
    let error = await #expect(throws: RedisError.self) { try await redis.call(name, "x") }
    #expect(error?.code == "EGG_REDIS_COMMAND")
  }

  @Test func `with protocol 3 replies keep their types`() async throws {
    let (redis, client) = try await connected(SharedServer.get()) { $0.protocolVersion = 3 }
    defer { client.end() }
    try await redis.hset("map", ["k": "v"])
    #expect(try await redis.call("HGETALL", "map") == ["k": "v"] as Value)
    #expect(try await redis.hgetall("map") == ["k": "v"])
    try await redis.zadd("z3", 2.5, "m")
    #expect(try await redis.call("ZSCORE", "z3", "m") == .number(2.5))
    #expect(try await redis.zscore("z3", "m") == 2.5)
    var heard: [String] = []
    let news = try await redis.subscribe("three") { heard.append($0.text) }
    try await redis.publish("three", "hello")
    try await eventually("a message") { heard == ["hello"] }
    try await news.end()
  }
}
