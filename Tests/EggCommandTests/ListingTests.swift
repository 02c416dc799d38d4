import Foundation
import Testing

@Suite("Listings of an application") struct ListingTests {
  private let shop = Fixtures.apps.appendingPathComponent("shop").path

  @Test func `plugins are listed in load order with the line that switched them on`() throws {
    let result = try Egg.run("plugin", "list", shop)
    #expect(result.status == 0)
    let redis = try #require(result.output.range(of: "1. redis 4.0.1"))
    let session = try #require(result.output.range(of: "2. session 2.1.0"))
    #expect(redis.lowerBound < session.lowerBound)
    #expect(result.output.contains("on    needed by session"))
    #expect(result.output.contains("\(shop)/config/plugin.json:3"))
    #expect(result.output.contains("metrics  for the environment prod only, this is local"))
    // The table says "redis": false in line 5.
    #expect(result.errors.contains("plugin.json:5 disables it, because \"session\" needs it"))
  }

  @Test func `the list of plugins as JSON has the plugins that are off as well`() throws {
    let list = try #require(
      try Egg.run("plugin", "list", shop, "--json").json() as? [[String: Any]])
    #expect(list.map { $0["name"] as? String } == ["redis", "session", "coupon", "metrics"])
    #expect(list[0]["enabledBy"] as? String == "needed by session")
    #expect(list[1]["enabledBy"] as? String == "\(shop)/config/plugin.json:3")
    #expect(list[3]["enable"] as? Bool == false)
  }

  @Test func `another environment switches other plugins on`() throws {
    let result = try Egg.run("plugin", "list", shop, "--env", "prod")
    #expect(result.output.contains("metrics 1.0.0"))
    #expect(!result.output.contains("\noff:"))
  }

  @Test func `a key of the configuration shows its writers in order, secrets masked`() throws {
    let result = try Egg.run("inspect", "config", "redis", shop, "--env", "prod")
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n").filter { $0.contains("host ") }
    try #require(lines.count == 2, "\(result.errors)")
    #expect(lines[0].contains("plugin redis"))
    #expect(lines[0].contains("/plugins/redis/config/config.default.json:3"))
    #expect(lines[0].contains("\"127.0.0.1\""))
    #expect(lines[1].contains("application"))
    #expect(lines[1].contains("/config/config.prod.json:3"))
    #expect(lines[1].contains("\"db.internal\""))
    #expect(!result.output.contains("hunter2"))
    #expect(!result.output.contains("changeme"))
  }

  @Test func `writers as JSON have file and line`() throws {
    let object = try #require(
      try Egg.run("inspect", "config", "redis.host", shop, "--env", "prod", "--json").json()
        as? [String: Any])
    #expect(object["value"] as? String == "db.internal")
    let writers = try #require(object["writers"] as? [[String: Any]])
    #expect(writers.map { $0["unit"] as? String } == ["redis", "app"])
    #expect(writers.map { $0["line"] as? Int } == [3, 3])
  }

  @Test func `a key that is not set has exit code 1 and a suggestion`() throws {
    let result = try Egg.run("inspect", "config", "redis.hots", shop)
    #expect(result.status == 1)
    #expect(result.output.contains("redis.hots is not set (did you mean \"host\"?)"))
  }

  @Test func `without a key the whole configuration is shown, secrets masked`() throws {
    let config = try #require(
      try Egg.run("inspect", "config", shop).json() as? [String: Any])
    #expect(config["keys"] as? String == "<String len: 15>")
    #expect((config["redis"] as? [String: Any])?["password"] as? String == "<String len: 7>")
  }

  @Test func `units are listed plugins first, the application last`() throws {
    let list = try #require(
      try Egg.run("inspect", "units", shop, "--json").json() as? [[String: Any]])
    #expect(
      list.map { $0["name"] as? String } == ["redis", "session", "coupon", "egg", "shop"])
    #expect(list.last?["kind"] as? String == "application")
    #expect(list.last?["version"] as? String == "1.2.0")
  }

  @Test func `an application is loaded for a listing without listening or writing files`() throws {
    let scratch = try Scratch()
    let shop = try scratch.application("shop")
    let routes = try Egg.run("inspect", "routes", shop.path)
    #expect(routes.status == 0)
    #expect(routes.output == "no routes\n")
    #expect(!FileManager.default.fileExists(atPath: shop.appendingPathComponent("run").path))
  }

  @Test func `the middlewares of the kernel are listed from the outside in`() throws {
    let list = try #require(
      try Egg.run("inspect", "middleware", shop, "--json").json() as? [[String: Any]])
    let names = list.compactMap { $0["name"] as? String }
    #expect(names.firstIndex(of: "bodyParser") ?? 9 < names.firstIndex(of: "overrideMethod") ?? 0)
    #expect(list.first?["owner"] as? String == "egg")
  }

  @Test func `timing names every unit`() throws {
    let list = try #require(
      try Egg.run("inspect", "timing", shop, "--json").json() as? [[String: Any]])
    #expect(list.map { $0["unit"] as? String } == ["redis", "session", "coupon", "egg", "shop"])
  }
}
