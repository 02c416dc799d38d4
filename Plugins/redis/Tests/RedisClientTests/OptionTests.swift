import Egg
import RedisClient
import Testing

@Suite("Redis options") struct OptionTests {
  @Test func `what Egg's configuration has is understood`() throws {
    let config: Value = [
      "host": "db", "port": "6380", "password": "", "db": 0, "weakDependent": true,
    ]
    let options = try RedisOptions(config, key: "redis.client")
    #expect(options.endpoint == .tcp(host: "db", port: 6380))
    #expect(options.password == nil && options.db == 0 && options.weakDependent)
    let cluster: Value = ["cluster": true, "nodes": [["host": "a", "port": 1] as Value]]
    #expect(try RedisOptions(cluster, key: "").nodes == [.tcp(host: "a", port: 1)])
    let tls: Value = ["host": "h", "tls": ["ca": "ca.pem"] as Value]
    #expect(try RedisOptions(tls, key: "", baseDir: "/app").tls?.ca == "/app/ca.pem")
  }

  @Test(arguments: [
    ("{}", "config.redis.client.host: missing; say \"host\", \"path\", \"sentinels\" or \"nodes\""),
    (#"{"host":"h","port":"x"}"#, "config.redis.client.port: expected a whole number, found text"),
    (#"{"host":"h","port":70000}"#, "config.redis.client.port: expected 1 to 65535, found 70000"),
    (#"{"host":1.5}"#, "config.redis.client.host: expected text, found a number"),
    (
      #"{"sentinels":[{"host":"s"}]}"#,
      "config.redis.client.name: \"sentinels\" need the name of the master"
    ),
    (#"{"sentinels":[{}],"name":"m"}"#, "config.redis.client.sentinels[0].host: missing"),
    (#"{"cluster":true}"#, "config.redis.client.nodes: a cluster needs at least one node"),
    (
      #"{"host":"h","tls":{"Ca":"x"}}"#,
      "config.redis.client.tls.Ca: unknown; known are ca, cert, key, servername, rejectUnauthorized"
    ),
  ])
  func `a mistake is named with its key`(json: String, message: String) throws {
    let config = try Value(json: json)
    let error = #expect(throws: EggError.self) { try RedisOptions(config, key: "redis.client") }
    #expect(error?.code == "EGG_CONFIG")
    #expect(error?.message == message)
  }
}
