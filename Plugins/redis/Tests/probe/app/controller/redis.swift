import Egg
import EggRedis

/// What an application does with `app.redis`.
final class RedisController: Controller {
  func set() async throws {
    try await app.redis.set("value", ctx.params["value"])
    ctx.body = try await app.redis.get("value") ?? "nothing"
  }

  func batch() async throws {
    let piped = try await app.redis.pipeline().set("n", 1).incr("n").lpush("n", 1).exec()
    let together = try await app.redis.multi().incr("n").get("n").exec()
    ctx.body =
      [
        "second": try piped[1].get(),
        "third": (piped[2].failure?.code ?? "none") as String,
        "last": try together[1].get(),
        "bytes": try await app.redis.call("SET", "b", [0xFF] as [UInt8], "GET").isNull,
        "read": (try await app.redis.getBytes("b") ?? []).map(Int.init),
      ] as Value
  }

  func channel() async throws {
    var heard: [String] = []
    let subscription = try await app.redis.psubscribe("chan*") { message in
      heard.append("\(message.pattern ?? "")/\(message.channel)/\(message.text)")
    }
    try await app.redis.publish("channel", ctx.params["text"])
    while heard.isEmpty { try await app.redis.ping() }
    try await subscription.end()
    let left = try await app.redis.publish("channel", "again")
    ctx.body = "\(heard) \(left)"
  }

  func script() async throws {
    let double = app.redis.defineCommand(numberOfKeys: 0, lua: "return ARGV[1] * 2")
    ctx.body = try await double(21)
  }

  func wrong() async throws {
    do {
      try await app.redis.lpush("value", 1)
    } catch let error as RedisError {
      ctx.body = ["code": error.code, "message": error.message]
    }
  }

  func named() async throws {
    let client = try app.redis.client(ctx.params["name"])
    try await client.set("who", ctx.params["name"])
    ctx.body = try await client.get("who") ?? "nobody"
  }

  func another() async throws {
    let config: Value = ["db": ctx.params["db"]]
    let base = app.config.redis.client.object ?? ValueMap()
    var merged = base
    merged.merge(config.object ?? ValueMap())
    let redis = try await app.redis.createInstance(.map(merged))
    ctx.body = try await redis.call("CLIENT", "INFO").string ?? ""
    await redis.quit()
  }

  func status() { ctx.body = app.redis.status }

  /// Commands one after the other, for the time that one takes.
  func many() async throws {
    let count = Int(ctx.params["count"]) ?? 0
    let start = app.loop.nowNanoseconds
    for _ in 0..<count { _ = try await app.redis.get("value") }
    ctx.body = "\((app.loop.nowNanoseconds - start) / UInt64(max(1, count)))"
  }
}

extension Result {
  fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
