import Foundation
import Testing

/// The default framework `Frameworks/egg`, `Examples/framework-yadan` on top of it, and an
/// application on top of that.
@Suite("Frameworks") struct FrameworkTests {
  @Test func `the chain of an application is shown from the kernel up`() throws {
    let units = try Command.egg("inspect", "units", Example.application, "--json").list()
    let frameworks = units.filter { $0["kind"] as? String == "framework" }
    #expect(frameworks.map { $0["name"] as? String } == ["egg", "egg-default", "yadan"])
    #expect(units.last?["name"] as? String == "yadan-example")
  }

  @Test func `the default framework has on what Egg has on`() throws {
    let scratch = try Scratch(#"{ "name": "plain", "framework": "egg" }"#)
    let rows = try Command.egg("plugin", "list", scratch.path, "--json").list()
    let names = rows.filter { $0["enable"] as? Bool == true }.compactMap { $0["name"] as? String }
    #expect(
      Set(names) == [
        "onerror", "session", "i18n", "multipart", "security", "logrotator", "schedule", "static",
        "jsonp", "view", "httpclient", "watcher", "development",
      ])
  }

  @Test func `without a framework there are no plugins`() throws {
    let scratch = try Scratch(#"{ "name": "plain" }"#)
    let rows = try Command.egg("plugin", "list", scratch.path, "--json").list()
    #expect(rows.isEmpty)
  }

  @Test func `an upper framework switches plugins on and off`() throws {
    let rows = try Command.egg("plugin", "list", Example.application, "--json").list()
    let on = rows.filter { $0["enable"] as? Bool == true }.compactMap { $0["name"] as? String }
    #expect(on.contains("validate"))
    #expect(!on.contains("i18n"))
    #expect(on.contains("session"))
  }

  @Test func `an upper framework brings a plugin of its own`() throws {
    let rows = try Command.egg("plugin", "list", Example.application, "--json").list()
    let own = try #require(rows.first { $0["name"] as? String == "requestId" })
    #expect(own["enable"] as? Bool == true)
    #expect("\(own)".contains("framework-yadan/plugins/yadan-request-id"), "\(own)")
    let server = try RunningApplication([Example.application])
    let answer = try server.get("/").lowercased()
    let id = try #require(answer.firstMatch(of: /x-request-id: ([a-z0-9]+)\r\n/)).1
    #expect(try !server.get("/").lowercased().contains(id), "each request has another one")
  }

  @Test func `in production the framework leaves a layer out`() throws {
    /// What runs, without what is offered and in no list.
    func layers(_ env: String) throws -> Substring {
      let all = try Command.egg("inspect", "middleware", Example.application, "--env", env).output
      return all[..<(all.range(of: "offered")?.lowerBound ?? all.endIndex)]
    }
    #expect(try layers("local").contains("poweredBy") && layers("local").contains("requestId"))
    #expect(try !layers("prod").contains("poweredBy") && layers("prod").contains("requestId"))
  }

  @Test(arguments: [("local", "http://localhost:8080"), ("prod", "https://backend.yadan.example")])
  func `defaults of a framework differ by environment`(env: String, backend: String) throws {
    let result = try Command.egg(
      "inspect", "config", "yadan.backend", Example.application, "--env", env)
    #expect(result.output.contains(backend), "\(result)")
  }

  @Test func `an application runs on its framework`() throws {
    let server = try RunningApplication([Example.application])
    let answer = try server.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK"), "\(answer)")
    #expect(answer.lowercased().contains("x-powered-by: yadan"))
    // The name is made by the framework's own rule.
    #expect(answer.hasSuffix(#"{"backend":"http://localhost:8080","remotes":["UserInfo"]}"#))
  }

  @Test func `every process of a tree has the framework of --framework`() throws {
    let scratch = try Scratch(#"{ "name": "plain" }"#)
    let config = scratch.path + "/config"
    try FileManager.default.createDirectory(atPath: config, withIntermediateDirectories: true)
    try Data(#"{"keys": "only-for-tests", "logger": {"dir": "logs"}}"#.utf8).write(
      to: URL(fileURLWithPath: config + "/config.default.json"))
    let server = try RunningApplication(
      [scratch.path, "--workers", "1", "--framework", Example.framework, "--env", "local"],
      command: "start", options: [])
    let answer = try server.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 404"), "\(answer)")
    #expect(answer.lowercased().contains("x-powered-by: yadan"))
    for role in ["application", "agent"] {
      let file = scratch.path + "/run/\(role)_config.json"
      let deadline = Date(timeIntervalSinceNow: 60)
      while !FileManager.default.fileExists(atPath: file), Date() < deadline { usleep(10_000) }
      #expect(try String(contentsOfFile: file, encoding: .utf8).contains("http://localhost:8080"))
    }
  }

  /// Below an application that names none, so what answers is the framework's.
  @Test func `egg start runs on the framework that an option or a variable names`() throws {
    let scratch = try Scratch(#"{ "name": "plain" }"#)
    let chosen = [
      (["--framework", Example.framework], [:]), ([], ["EGG_FRAMEWORK": Example.framework]),
    ]
    for (words, variables) in chosen {
      let server = try RunningApplication(
        [scratch.path, "--env", "local"] + words, command: "start", options: ["--single"],
        variables: variables)
      #expect(try server.get("/").lowercased().contains("x-powered-by: yadan"))
    }
  }

  @Test func `a framework is chosen with an option or a variable`() throws {
    let scratch = try Scratch(#"{ "name": "plain" }"#)
    let option = try Command.egg(
      "inspect", "units", scratch.path, "--framework", Example.framework, "--json")
    #expect(try option.list().map { $0["name"] as? String }.suffix(2) == ["yadan", "plain"])
    let variable = try Command.egg(
      "inspect", "units", scratch.path, "--json",
      variables: ["EGG_FRAMEWORK": Example.framework])
    #expect(try variable.list().map { $0["name"] as? String }.suffix(2) == ["yadan", "plain"])
  }
}
