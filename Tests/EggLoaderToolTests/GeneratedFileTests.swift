import Foundation
import Testing

@testable import EggLoaderTool

@Suite("Generated file") struct GeneratedFileTests {
  private func generate(
    _ files: KeyValuePairs<String, String>, conventions: [Convention] = []
  ) -> String {
    let reader = read(files, conventions: conventions)
    #expect(reader.mistakes.isEmpty)
    var unit = UnitDescription(kind: .application, name: "hello")
    unit.conventions = conventions
    return RegistryWriter.write(reader.model, unit)
  }

  @Test func `an empty unit still has an entry point and the typed trees`() {
    let text = generate([:])
    for part in [
      "@c(egg_plugin_entry_v1)", "@section(\".note.egg.plugin\") @used",
      "extension Application { var controller: Controllers { Controllers() } }",
      "extension Context { var service: Services { Services(ctx: self) } }",
      "extension ContextObject { var service: Services { ctx.service } }",
      "extension Application { var middleware: Middlewares { Middlewares(app: self) } }",
    ] {
      #expect(text.contains(part))
    }
  }

  @Test func `a reference belongs to the line of what it names`() {
    let text = generate([
      "app/controller/home.swift": "\nclass Home: Controller {\n  func index() {}\n}"
    ])
    #expect(
      text.contains(
        """
        #sourceLocation(file: "/unit/app/controller/home.swift", line: 3)
          var index: Action { Action("home.index", Home.index) }
        #sourceLocation()

        """))
    #expect(text.contains("  unit.controller(Controllers_home())"))
    #expect(text.contains("  var actions: [Action] { [index] }"))
  }

  @Test func `folders nest, and a file may stand beside a folder of its name`() {
    let text = generate([
      "app/controller/admin.swift": "class A: Controller { func index() {} }",
      "app/controller/admin/user.swift": "class B: Controller { func `default`() {} }",
    ])
    #expect(text.contains("  var user: Controllers_admin_user { .init() }"))
    #expect(text.contains("Action(\"admin.user.default\", B.`default`)"))
    #expect(text.contains("struct Controllers_admin: @MainActor ControllerActions {"))
  }

  @Test func `trailing defaults become a choice by the number of arguments`() {
    let text = generate([
      "app/extend/helper.swift":
        "extension Helper { func f(_ a: String, _ b: Value = [:], c: Value = [:]) -> Value { b } }"
    ])
    #expect(
      text.contains(
        "unit.method(Helper.self, \"f\") { target, args in switch args.count {"
          + " case ...1: try .returning(target.f(args.get(0)));"
          + " case 2: try .returning(target.f(args.get(0), args.get(1)));"
          + " default: try .returning(target.f(args.get(0), args.get(1), c: args.get(2))) } }"))
  }

  @Test func `a member is registered in its environment, in place of the plain one`() {
    let text = generate([
      "app/extend/context.local.swift": "extension Context { var a_local: Int { 2 } }",
      "app/extend/context.swift": "extension Context { var a: Int { 1 }\n  var b: Int { 1 } }",
    ])
    #expect(text.contains("  if unit.runs(in: \"local\") {\n"))
    #expect(
      text.contains("unit.property(Context.self, \"a\", get: { try .returning($0.a_local) })"))
    #expect(text.contains("  if !(unit.runs(in: \"local\")) {\n"))
    #expect(text.contains("unit.property(Context.self, \"a\", get: { try .returning($0.a) })"))
    #expect(text.components(separatedBy: "unit.runs(in:").count == 3)
  }

  @Test func `only an asynchronous member is awaited`() {
    let text = generate([
      "app/extend/context.swift":
        "extension Context { func a() throws {}; func b() async {}; var c: Int { get { 1 } set {} } }"
    ])
    #expect(text.contains("{ target, args in try .returning(target.a()) }"))
    #expect(text.contains("{ target, args in try await .returning(target.b()) }"))
    #expect(
      text.contains(
        "unit.property(Context.self, \"c\", get: { try .returning($0.c) },"
          + " set: { $0.c = try $1.decode() })"))
  }

  @Test func `a declared directory puts its tree on the plugin's type`() {
    let text = generate(
      ["app/io/controller/nsp.swift": "class Nsp: Controller { func exchange() {} }"],
      conventions: [
        Convention(path: "app/io/controller", kind: .controller, holder: "IO", module: "IOClient")
      ])
    #expect(text.contains("import IOClient\n"))
    #expect(text.contains("extension IO { var controller: Exports_io_controller { .init() } }"))
    #expect(text.contains("Action(\"nsp.exchange\", Nsp.exchange)"))
    #expect(
      text.contains(
        "unit.export(\"app/io/controller/nsp.swift\", controller: Exports_io_controller_nsp())"))
  }

  @Test func `middlewares of a declared directory are names on the plugin's type`() {
    let files: KeyValuePairs<String, String> = [
      "app/io/middleware/auth.swift": "func auth() -> Middleware { x }",
      "app/io/middleware/admin/log.swift": "func log() -> Middleware { x }",
    ]
    let text = generate(
      files,
      conventions: [
        Convention(path: "app/io/middleware", kind: .middleware, holder: "IO", module: "IOClient")
      ])
    #expect(text.contains("import IOClient\n"))
    #expect(text.contains("extension IO { var middleware: Exports_io_middleware { .init() } }"))
    #expect(text.contains("  var auth: ContributedMiddleware { .init(\"auth\") }"))
    #expect(text.contains("  var admin: Exports_io_middleware_admin { .init() }"))
    #expect(text.contains("  var log: ContributedMiddleware { .init(\"admin.log\") }"))
    // Nobody offers a place.
    let loose = generate(
      files, conventions: [Convention(path: "app/io/middleware", kind: .middleware)])
    #expect(!loose.contains("ContributedMiddleware"))
  }

  @Test func `a path with quotes stays a path`() {
    #expect(stringLiteral("/a\"b\\c\n") == #""/a\"b\\c\n""#)
  }
}

@Suite("Fixture units") struct FixtureUnitTests {
  private let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/loader").path

  @Test func `the chat application is read whole`() throws {
    let arguments = try Arguments([
      "--unit", "\(fixtures)/chat", "--name", "chat", "--output", "/nowhere",
      "--conventions", "app/io/controller=controller@IO",
    ])
    let unit = LoadedUnit(arguments)
    #expect(unit.mistakes.isEmpty)
    #expect(
      unit.model.controllers.map { $0.path.joined(separator: ".") }
        == ["admin.user", "health", "home", "ping", "post", "user"])
    #expect(
      unit.model.services.map { $0.path.joined(separator: ".") } == ["api.v1.user", "post", "user"])
    #expect(
      unit.model.middleware.map { $0.path.joined(separator: ".") }
        == ["admin.auth", "auth", "middlewareOne", "responseTime"])
    #expect(unit.model.routers.map(\.expression) == ["api", "router"])
    #expect(unit.model.boot?.expression == "AppBoot.self")
    #expect(unit.model.agentBoot?.expression == "agent")
    #expect(
      unit.model.members.map { "\($0.target).\($0.name)" } == [
        "Application.warm", "Context.isMobile", "Context.theme", "Context.tenant", "Context.users",
        "Context.nothing", "Helper.parseMsg", "Helper.packet", "Request.isInternal",
      ])
    #expect(
      unit.model.exports.map(\.relativePath) == [
        "app/extend/filter.swift", "app/io/controller/nsp.swift", "app/io/middleware/auth.swift",
        "app/model/counter.swift", "app/schedule/clean.swift", "app/schedule/my_task.swift",
      ])
    #expect(unit.source.contains("extension IO { var controller: Exports_io_controller"))
  }

  @Test(arguments: ["chat", "metrics"])
  func `what is generated parses as Swift`(name: String) throws {
    let unit = LoadedUnit(
      try Arguments(["--unit", "\(fixtures)/\(name)", "--name", name, "--output", "/nowhere"]))
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(writeFile("\(folder)/EggUnit.swift", Array(unit.source.utf8)))
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/env")
    compiler.arguments = ["swiftc", "-frontend", "-parse", "\(folder)/EggUnit.swift"]
    try compiler.run()
    compiler.waitUntilExit()
    #expect(compiler.terminationStatus == 0)
  }

  @Test func `the metrics plugin is a plugin`() throws {
    let arguments = try Arguments([
      "--unit", "\(fixtures)/metrics", "--name", "target", "--output", "/nowhere",
    ])
    let unit = LoadedUnit(arguments)
    #expect(unit.mistakes.isEmpty)
    #expect(unit.description.kind == .plugin)
    #expect(unit.description.name == "metrics")
  }

  @Test func `the kinds of a plugin's directories come from its plugin.json`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try #"{"name": "rpc", "directories": [{"path": "app/rpc", "kind": "controller", "on": "RPC"}]}"#
      .write(toFile: "\(folder)/plugin.json", atomically: true, encoding: .utf8)
    let unit = LoadedUnit(
      try Arguments([
        "--unit", "\(fixtures)/chat", "--name", "chat", "--output", "/nowhere",
        "--plugin", "\(folder)/plugin.json",
      ]))
    #expect(unit.description.conventions.map(\.path) == ["app/rpc"])
    #expect(unit.description.name == "chat")
  }

  @Test func `a plugin with routes must declare their prefix`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/app", withIntermediateDirectories: true)
    let router = "func router(_ app: Application) {}"
    try router.write(toFile: "\(folder)/app/router.swift", atomically: true, encoding: .utf8)
    let arguments = try Arguments([
      "--unit", folder, "--name", "metrics", "--output", "/nowhere", "--kind", "plugin",
    ])
    let mistake = try #require(LoadedUnit(arguments).mistakes.first)
    #expect(mistake.position.line == 1 && mistake.position.column == 6)
    #expect(mistake.message.contains(#""routes": {"prefix": "/metrics"}"#))
    try #"{"routes": {"prefix": "/m"}}"#
      .write(toFile: "\(folder)/plugin.json", atomically: true, encoding: .utf8)
    #expect(LoadedUnit(arguments).mistakes.isEmpty)
  }

  // MARK: Files that are written

  private func temporaryFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func `a file that would not change is not written`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/a.swift"
    #expect(writeFile(path, Array("one".utf8)))
    let old = Date(timeIntervalSince1970: 1_000_000)
    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: path)
    #expect(writeFile(path, Array("one".utf8)))
    let kept = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    #expect(kept == old)
    #expect(writeFile(path, Array("two".utf8)))
    #expect(readFile(path) == Array("two".utf8))
  }

  @Test func `a copy never goes through a link into the user's file`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(writeFile("\(folder)/user.swift", Array("mine".utf8)))
    #expect(linkFile("\(folder)/link.swift", to: "\(folder)/user.swift"))
    #expect(readFile("\(folder)/link.swift") == Array("mine".utf8))
    #expect(linkFile("\(folder)/link.swift", to: "\(folder)/user.swift"))
    #expect(writeFile("\(folder)/link.swift", Array("copy".utf8)))
    #expect(readFile("\(folder)/user.swift") == Array("mine".utf8))
    #expect(readFile("\(folder)/link.swift") == Array("copy".utf8))
  }

  @Test func `a staged copy begins with its place`() throws {
    let unit = LoadedUnit(
      try Arguments(["--unit", "\(fixtures)/chat/", "--name", "chat", "--output", "/nowhere"]))
    let copy = try #require(unit.stagedCopy(of: "app/service/user.swift"))
    #expect(
      String(decoding: copy, as: UTF8.self).hasPrefix(
        "#sourceLocation(file: \"\(fixtures)/chat/app/service/user.swift\", line: 1)\nimport Egg\n")
    )
  }

  @Test(arguments: [
    ["--unit", "a"], ["--unit"], ["--what"],
    ["--unit", "a", "--name", "b", "--output", "c", "--kind", "x"],
    ["--conventions", "app/x"], ["--conventions", "app/x=thing"], ["--link", "a"],
  ])
  func `a wrong command line is refused`(words: [String]) {
    #expect(throws: UsageError.self) { try Arguments(words) }
  }
}
