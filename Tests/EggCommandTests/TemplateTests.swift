import Foundation
import Testing

@testable import EggCommand

/// What `egg init` and `egg plugin new` write is built and used.
@Suite("New folders", .serialized) struct TemplateTests {
  @Test(arguments: ["c", "cpp", "rust"])
  func `a new plugin builds with make, loads, and does what it says`(language: String) throws {
    let scratch = try Scratch()
    let name = "rate-\(language)"
    let made = try Egg.run("plugin", "new", name, "--lang", language, in: scratch.url)
    #expect(made.status == 0)
    #expect(made.output.contains("make"))
    let folder = scratch.url.appendingPathComponent(name)
    let built = try Egg.run(URL(fileURLWithPath: "/usr/bin/env"), ["make", "-C", folder.path])
    try #require(built.status == 0, "\(built.errors)")
    #expect(!built.errors.contains("warning:"), "\(built.errors)")

    let library = folder.appendingPathComponent("lib/lib\(name).so").path
    let facts = try #require(
      try Egg.run("plugin", "inspect", library, "--json").json() as? [String: Any])
    #expect(facts["entries"] as? [String] == ["egg_plugin_entry_v1"])
    #expect(facts["otherExports"] as? [String] == [])
    #expect(facts["warnings"] as? [String] == [])

    try use(name, "rate" + language.prefix(1).uppercased() + language.dropFirst(), scratch)
  }

  @Test func `a new Swift plugin builds with swift build, loads, and does what it says`() throws {
    let scratch = try Scratch()
    #expect(
      try Egg.run("plugin", "new", "rate-swift", "--lang", "swift", in: scratch.url).status == 0)
    let folder = scratch.url.appendingPathComponent("rate-swift")
    let built = try Egg.run("build", folder.path, "-c", "debug")
    try #require(built.status == 0, "\(built.errors)")
    #expect(!built.errors.contains("warning:"), "\(built.errors)")
    try use("rate-swift", "rateSwift", scratch)
  }

  /// An application that uses the plugin gets its header and its member.
  private func use(_ name: String, _ member: String, _ scratch: Scratch) throws {
    try scratch.write(
      "{ \"\(name)\": { \"path\": \"../../\(name)\" } }", to: "app/config/plugin.json")
    try scratch.write(
      "{ \"middleware\": [\"\(member)\"], \"\(member)\": { \"text\": \"from the app\" } }",
      to: "app/config/config.default.json")
    let app = scratch.url.appendingPathComponent("app").path
    let members = try Egg.run("inspect", "extensions", app, "--json")
    #expect(members.output.contains("\"\(member)\""), "\(members.errors)")
    let egg = try RunningEgg(["dev", app, "--port", "0"])
    let port = try egg.port()
    let answer = try fetch("http://127.0.0.1:\(port)/").lowercased()
    #expect(answer.contains("x-\(name): from the app"))
    egg.signal(SIGTERM)
    #expect(egg.wait() == 0)
  }

  @Test func `a new application builds and says hi`() throws {
    let scratch = try Scratch()
    let made = try Egg.run("init", "hello", in: scratch.url)
    #expect(made.status == 0)
    #expect(made.output.contains("cd hello\n  egg dev\n"))
    let folder = scratch.url.appendingPathComponent("hello")
    let egg = try RunningEgg(["dev", folder.path, "--port", "0"])
    let port = try egg.port()
    let answer = try fetch("http://127.0.0.1:\(port)/")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
    #expect(answer.hasSuffix("hi, egg"))
    egg.signal(SIGTERM)
    #expect(egg.wait() == 0)
    let routes = try #require(
      try Egg.run("inspect", "routes", folder.path, "--json").json() as? [[String: Any]])
    #expect(routes.count == 1)
    #expect(routes.first?["controller"] as? String == "home.index")
    #expect(routes.first?["owner"] as? String == "hello")
    #expect((routes.first?["source"] as? String)?.contains("router.swift:4") == true)
  }

  /// Builds kernel and SDK from nothing; the examples, which are such applications, always run theirs.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["EGG_TEST_INIT"] != nil))
  func `a new application passes its own tests`() throws {
    let scratch = try Scratch()
    #expect(try Egg.run("init", "hello", in: scratch.url).status == 0)
    let result = try Egg.run("test", "hello", in: scratch.url)
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("Test run with 1 test in 1 suite passed"))
  }

  @Test(arguments: ["simple", "api", "plugin", "framework"])
  func `each type is a package that Swift can read`(type: String) throws {
    let scratch = try Scratch()
    let made = try Egg.run("init", "my-\(type)", "--type", type, in: scratch.url)
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.contains("cd my-\(type)\n  egg "))
    let package = scratch.url.appendingPathComponent("my-\(type)").path
    let read = try Egg.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["swift", "package", "--package-path", package, "dump-package"])
    #expect(read.status == 0, "\(read.errors)")
    #expect(FileManager.default.fileExists(atPath: package + "/Tests"))
    guard ProcessInfo.processInfo.environment["EGG_TEST_INIT"] != nil else { return }
    let tested = try Egg.run("test", package)
    #expect(tested.status == 0, "\(tested.output)\(tested.errors)")
    #expect(tested.output.contains("in 1 suite passed"), "\(tested.output)")
  }

  @Test func `an unknown type is a mistake in the command line`() throws {
    let scratch = try Scratch()
    let result = try Egg.run("init", "x", "--type", "frame", in: scratch.url)
    #expect(result.status == 2)
    #expect(result.errors.contains("simple|api|plugin|framework"))
  }

  @Test func `a folder without tests is no failure`() throws {
    let scratch = try Scratch()
    try scratch.write("// swift-tools-version: 6.2", to: "app/Package.swift")
    let result = try Egg.run("test", "app", in: scratch.url)
    #expect(result.status == 0)
    #expect(result.output.contains("No test files found"))
  }

  @Test func `a build that fails is shown, in the terminal and to clients`() throws {
    let scratch = try Scratch()
    #expect(try Egg.run("init", "hello", in: scratch.url).status == 0)
    // The manifest is wrong, so that nothing has to be compiled for this test.
    try scratch.write("let x: Int = \"no\"\n", to: "hello/Package.swift")
    let socket = scratch.url.appendingPathComponent("s").path
    try scratch.write(
      "{ \"cluster\": { \"listen\": { \"path\": \"\(socket)\" } } }",
      to: "hello/config/config.local.json")
    let egg = try RunningEgg(["dev", scratch.url.appendingPathComponent("hello").path])
    try egg.wait(for: "units in order")
    // Nobody answers before the build has ended.
    let answer = try fetch("--unix-socket", socket, "http://hello/")
    #expect(answer.hasPrefix("HTTP/1.1 500"))
    #expect(answer.contains("hello does not"))
    egg.signal(SIGTERM)
    #expect(egg.wait() == 0)
    let errors = String(
      decoding: egg.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(errors.contains("error:"))
    #expect(errors.contains("building hello (debug): failed"))
  }

  @Test func `two applications get different keys`() throws {
    let scratch = try Scratch()
    var keys: Set<String> = []
    for name in ["one", "two"] {
      try Egg.run("init", name, in: scratch.url)
      let config = try Egg.run(
        "inspect", "config", scratch.url.appendingPathComponent(name).path, "--json")
      #expect(config.output.contains("\"keys\": \"<String len: 36>\""))
      keys.insert(
        try String(
          contentsOf: scratch.url.appendingPathComponent("\(name)/config/config.default.json"),
          encoding: .utf8
        ).components(separatedBy: "\(name)_")[1])
    }
    #expect(keys.count == 2)
  }

  @Test func `nothing that exists is written over`() throws {
    let scratch = try Scratch()
    try scratch.write("mine", to: "hello/README.md")
    let result = try Egg.run("init", "hello", in: scratch.url)
    #expect(result.status == 1)
    #expect(result.errors.contains("hello exists already"))
    let text = try String(
      contentsOf: scratch.url.appendingPathComponent("hello/README.md"), encoding: .utf8)
    #expect(text == "mine")
  }

  @Test func `with --force files are added to a folder, and those that exist stay`() throws {
    let scratch = try Scratch()
    try scratch.write("mine", to: "hello/README.md")
    let result = try Egg.run("init", "hello", "--force", in: scratch.url)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("kept hello/README.md"))
    func text(_ path: String) throws -> String {
      try String(contentsOf: scratch.url.appendingPathComponent("hello/" + path), encoding: .utf8)
    }
    #expect(try text("README.md") == "mine")
    #expect(try text("app/router.swift").contains("app.controller.home.index"))
  }

  @Test func `files whose names begin with a dot are not in the way`() throws {
    let scratch = try Scratch()
    try scratch.write("mine", to: "hello/.gitignore")
    let result = try Egg.run("init", "hello", in: scratch.url)
    #expect(result.status == 0, "\(result.errors)")
  }

  /// `script` gives the command a terminal of its own.
  @Test func `on a terminal the type and another folder are asked for`() throws {
    let scratch = try Scratch()
    try scratch.write("mine", to: "hello/README.md")
    let asked = try Egg.run(
      URL(fileURLWithPath: "/bin/sh"),
      [
        "-c",
        "printf 'api\\nother\\n' | script -qec '\"\(Egg.command.path)\" init hello' /dev/null",
      ], in: scratch.url)
    #expect(asked.output.contains("a framework on top of the default one"), "\(asked.output)")
    #expect(asked.output.contains("type (simple): "))
    #expect(asked.output.contains("hello is not empty"))
    #expect(
      FileManager.default.fileExists(
        atPath: scratch.url.appendingPathComponent("other/app/controller/posts.swift").path),
      "\(asked.output)\(asked.errors)")
  }

  @Test(arguments: ["1st", "", "a b", "x/..", ".", "ä"])
  func `a name that can't be a folder and a module is refused`(name: String) throws {
    let scratch = try Scratch()
    let result = try Egg.run("init", name, in: scratch.url)
    #expect(result.status == 1)
    #expect(result.errors.contains("expected a name of letters"))
  }

  @Test func `names are written as each place needs them`() throws {
    let name = try UnitName("rate-limit_2x")
    #expect(name.member == "rateLimit2x")
    #expect(name.header == "Rate-Limit-2x")
    #expect(name.module == "rate_limit_2x")
    #expect(name.type == "RateLimit2x")
  }
}
