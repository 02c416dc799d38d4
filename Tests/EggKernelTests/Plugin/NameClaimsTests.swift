import Testing

@testable import EggKernel

@Suite("Name claims") struct NameClaimsTests {
  let folder = TemporaryFolder()

  func claimant(
    _ name: String, _ provides: String, kind: LoadUnit.Kind = .plugin, override: Bool = false
  ) throws -> NameClaims.Claimant {
    let text = #"{"egg": 1, "id": "\#(name)", "abi": {"major": 1}, "provides": \#(provides)}"#
    let path = folder.write("\(name).so", ELFImage(notes: [ELFImage.note(text)]).bytes)
    return NameClaims.Claimant(
      unit: LoadUnit(
        kind: kind, name: name, directory: nil,
        manifest: try PluginManifest.read(path: path, unit: name)[0]),
      override: override, from: FilePlace(file: "config/plugin.json", line: 7))
  }

  @Test func `two plugins with one name are refused, both named`() throws {
    let error = try #require(throws: BootError.self) {
      try NameClaims.check([
        claimant("a", #"{"context": ["session"]}"#), claimant("b", #"{"context": ["session"]}"#),
      ])
    }
    #expect(error.code == .collision)
    #expect(error.unit == "b")
    #expect(error.line == 7)
    #expect(error.message.hasPrefix("provides context \"session\", which plugin \"a\" provides"))
  }

  @Test func `the same word on different objects or in open lists is no collision`() throws {
    let notices = try NameClaims.check([
      claimant("a", #"{"context": ["x"], "events": ["e"]}"#),
      claimant("b", #"{"helper": ["x"], "events": ["e"]}"#),
    ])
    #expect(notices.isEmpty)
  }

  @Test func `override, frameworks and the application may replace`() throws {
    let notices = try NameClaims.check([
      claimant("a", #"{"helper": ["x"]}"#), claimant("b", #"{"helper": ["x"]}"#, override: true),
      claimant("f", #"{"helper": ["x"]}"#, kind: .framework),
      claimant("app", #"{"helper": ["x"]}"#, kind: .application),
    ])
    #expect(
      notices.map(\.text) == [
        "helper \"x\" of plugin \"a\" is replaced by \"b\"",
        "helper \"x\" of plugin \"b\" is replaced by \"f\"",
        "helper \"x\" of framework \"f\" is replaced by \"app\"",
      ])
  }
}

@Suite("A whole application") struct WholeApplicationTests {
  func start(_ env: String) throws -> (PluginSet, ConfigTree) {
    let variables = EnvironmentVariables(["EGG_HOME": "/srv/home"])
    var notices: [BootNotice] = []
    let info = try AppInfo.read(
      baseDir: Fixtures.config + "/shop", env: env, variables: variables, notices: &notices)
    let frameworks = try FrameworkChain.resolve(
      baseDir: info.baseDir, variables: variables, notices: &notices)
    let table = try PluginTable.load(appInfo: info, frameworks: frameworks, variables: variables)
    let set = try PluginSet.resolve(
      table, env: env,
      locator: PluginLocator(
        baseDir: info.baseDir, frameworks: frameworks, systemDirectories: []))
    var tree = try ConfigLoader.load(
      appInfo: info,
      units: set.plugins.map(\.unit) + frameworks + [try LoadUnit.application(info)],
      variables: variables)
    try tree.freeze()
    return (set, tree)
  }

  @Test func `the fixture starts with plugins in order and configuration merged`() throws {
    let (set, tree) = try start("local")
    #expect(set.plugins.map(\.name) == ["redis", "session", "view", "coupon"])
    #expect(set.plugins.map(\.implicitEnable) == [true, false, false, false])
    let shop = Fixtures.config + "/shop"
    #expect(
      tree.value == [
        "redis": [
          "client": ["host": "cache.shop", "port": 6380, "db": 0, "password": "hunter2"],
          "tags": ["shop"],
        ],
        "view": ["root": .string(shop + "/app/view"), "cache": false],
        "coreMiddleware": ["meta"], "coreMiddlewares": ["meta"],
        "logger": ["level": "info", "dir": .string(shop + "/logs")],
        "keys": "first,second", "middleware": ["gzip"], "appMiddleware": ["gzip"],
        "appMiddlewares": ["gzip"], "siteFile": nil,
      ])
    #expect(tree.notices.isEmpty)
  }

  @Test func `in production a plugin for production only must exist`() throws {
    let error = try #require(throws: BootError.self) { try start("prod") }
    #expect(error.code == .pluginNotFound)
    #expect(error.unit == "trace")
    #expect(error.line == 4)
  }
}
