import Testing

@testable import EggKernel

@Suite("Plugin set") struct PluginSetTests {
  let folder = TemporaryFolder()

  /// Resolves a table whose plugins are folders of the application unless `absent`.
  func resolve(_ table: String, absent: Set<String> = [], env: String = "local") throws -> PluginSet
  {
    folder.write("app/config/plugin.json", table)
    let info = AppInfo(name: "app", baseDir: folder.path + "/app", env: env)
    let loaded = try PluginTable.load(
      appInfo: info, frameworks: [], variables: EnvironmentVariables([:]))
    for name in loaded.entries.keys where !absent.contains(name) {
      let file = "app/plugins/\(name)/plugin.json"
      if folder.text(file) == nil { folder.write(file, "{}") }
    }
    return try PluginSet.resolve(
      loaded, env: env,
      locator: PluginLocator(
        baseDir: info.baseDir, frameworks: [], systemDirectories: [folder.path + "/system"]))
  }

  func names(_ table: String, env: String = "local") throws -> [String] {
    try resolve(table, env: env).plugins.map(\.name)
  }

  @Test(
    arguments: [
      (#"{}"#, []), (#"{"a": true, "b": true}"#, ["a", "b"]), (#"{"a": false, "b": true}"#, ["b"]),
      (#"{"a": {"dep": ["b"]}, "b": true}"#, ["b", "a"]),
      (
        #"{"a": {"dep": ["c", "b"]}, "b": {"dep": ["c"]}, "c": true, "d": true}"#,
        ["c", "b", "a", "d"]
      ),
      (#"{"a": {"optionalDependencies": ["b"]}, "b": true}"#, ["b", "a"]),
      (#"{"a": {"optionalDependencies": ["b"]}, "b": false}"#, ["a"]),
      (#"{"a": {"optionalDependencies": ["nowhere"]}}"#, ["a"]),
      (
        #"{"a": {"optionalDependencies": ["b"]}, "b": {"enable": false, "dep": ["nowhere"]}}"#,
        ["a"]
      ),
      (
        #"{"a": {"dep": ["b"]}, "b": {"enable": false, "dep": ["c"]}, "c": false}"#,
        ["c", "b", "a"]
      ),
      (#"{"a": {"env": ["prod"]}, "b": {"env": ["local", "prod"]}}"#, ["b"]),
    ] as [(String, [String])])
  func `enabled plugins come in the order of their dependencies`(
    table: String, order: [String]
  ) throws {
    #expect(try names(table) == order)
  }

  @Test func `a plugin's own lists count where the entry has none`() throws {
    folder.write("app/plugins/a/plugin.json", #"{"dependencies": ["b"], "env": ["local"]}"#)
    folder.write("app/plugins/c/plugin.json", #"{"optionalDependencies": ["a"]}"#)
    folder.write("app/plugins/d/plugin.json", #"{"env": ["prod"]}"#)
    #expect(try names(#"{"c": true, "a": true, "b": false, "d": true}"#) == ["b", "a", "c"])
    #expect(
      try names(#"{"c": true, "a": {"dep": ["e"]}, "b": true, "e": true}"#) == ["e", "a", "c", "b"])
  }

  @Test func `implicit enabling is told, louder where the application had disabled it`() throws {
    let set = try resolve(#"{"a": {"dep": ["c"]}, "b": {"dep": ["c"]}, "c": false}"#)
    let plugin = try #require(set.plugins.first)
    #expect(plugin.name == "c")
    #expect(plugin.implicitEnable)
    #expect(plugin.dependents == ["a", "b"])
    #expect(set.notices.map(\.level) == [.info, .warning])
    #expect(set.notices[0].text == "plugin \"c\" is enabled implicitly, required by \"a\", \"b\"")
    #expect(set.notices[1].text.contains("config/plugin.json:1"))
  }

  @Test func `a missing dependency names who asked, where, through whom, and why it is missing`()
    throws
  {
    folder.write("app/plugins/b/plugin.json", "{\n \"dependencies\": [\"sesion\", \"p\"]}")
    let error = try #require(throws: BootError.self) {
      try resolve(
        """
        {"a": {"dep": ["b"]},
         "b": false,
         "session": true,
         "p": {"env": ["prod"]}}
        """)
    }
    #expect(error.code == .dependency)
    #expect(error.unit == "b")
    #expect(error.file == folder.path + "/app/plugins/b/plugin.json")
    #expect(error.line == 2)
    #expect(error.message.contains("missing: [sesion,p], recursive: []"))
    #expect(error.message.contains("\"sesion\" is disabled or missed, but is required by \"b\""))
    #expect(error.message.contains("a → b → sesion"))
    #expect(error.message.contains("did you mean \"session\"?"))
    #expect(error.message.contains("for the environment prod only, this is local"))
  }

  @Test(arguments: [
    (#"{"a": {"dep": ["a"]}}"#, "recursive: [a,a]", "a → a"),
    (
      #"{"a": {"dep": ["b"]}, "b": {"dep": ["c"]}, "c": {"dep": ["a"]}}"#,
      "recursive: [a,b,c,a]", "a → b → c → a"
    ),
    (
      #"{"a": {"dep": ["b"]}, "b": {"optionalDependencies": ["a"]}}"#,
      "recursive: [a,b,a]", "a → b → a"
    ),
  ])
  func `a circle is refused and shown`(table: String, list: String, path: String) throws {
    let error = try #require(throws: BootError.self) { try resolve(table) }
    #expect(error.code == .dependency)
    #expect(error.message.contains(list))
    #expect(error.message.contains(path))
  }

  @Test func `an enabled plugin that is nowhere names every place, a disabled one does not matter`()
    throws
  {
    #expect(try resolve(#"{"a": false}"#, absent: ["a"]).plugins.isEmpty)
    let error = try #require(throws: BootError.self) {
      try resolve("{\n\"ghost\": {\"package\": \"egg-ghost\"}}", absent: ["ghost"])
    }
    #expect(error.code == .pluginNotFound)
    #expect(error.line == 2)
    let app = folder.path + "/app"
    #expect(
      error.message.contains(
        "can not find plugin \"ghost\" (package \"egg-ghost\") in "
          + "\"\(app)/plugins, \(app)/.egg/plugins, \(folder.path)/system\""))
    let other = try #require(throws: BootError.self) {
      try resolve(#"{"b": {"dep": ["x"]}, "x": false}"#, absent: ["x"])
    }
    #expect(other.message.contains("b → x"))
  }

  @Test func `a package is found under its name, without egg- and in later places`() throws {
    folder.write("system/view/plugin.json", #"{"version": "7.0.0"}"#)
    let set = try resolve(
      #"{"v": {"package": "egg-view"}, "w": {"path": "../../system/view"}}"#, absent: ["v", "w"])
    #expect(
      set.plugins.map(\.directory) == [folder.path + "/system/view", folder.path + "/system/view"])
    #expect(set.plugins.first?.version == "7.0.0")
  }

  @Test func `frameworks are searched from the upper to the base one`() {
    let locator = PluginLocator(
      baseDir: "/app",
      frameworks: ["base", "upper"].map {
        LoadUnit(kind: .framework, name: $0, directory: "/\($0)")
      }, systemDirectories: ["/usr/lib/egg/plugins/"])
    #expect(
      locator.directories == [
        "/app/plugins", "/app/.egg/plugins", "/upper/plugins", "/base/plugins",
        "/usr/lib/egg/plugins",
      ])
  }

  @Test func `another name is warned about unless it is not strict`() throws {
    folder.write("app/plugins/a/plugin.json", #"{"name": "other"}"#)
    #expect(try resolve(#"{"a": true}"#).notices.map(\.level) == [.warning])
    folder.write("app/plugins/a/plugin.json", #"{"name": "other", "strict": false}"#)
    #expect(try resolve(#"{"a": true}"#).notices.isEmpty)
  }

  @Test func `the dump shows plugins that are on and why others are not`() throws {
    let dump = try resolve(#"{"a": true, "b": false}"#).dump
    #expect(dump["a"]?["enable"] == true)
    #expect(dump["b"]?["enable"] == false)
    #expect(dump["b"]?["reason"]?.string?.hasPrefix("disabled in") == true)
  }

  func library(_ name: String, _ fields: String) -> String {
    let text = #"{"egg": 1, "id": "\#(name)", "version": "2.0.0", "abi": {"major": 1}, \#(fields)}"#
    return folder.write(
      "app/plugins/\(name)/lib\(name).so", ELFImage(notes: [ELFImage.note(text)]).bytes)
  }

  @Test func `a library's manifest gives dependencies, version and default configuration`() throws {
    let path = library("a", #""dependencies": ["b"], "config": {"default": {"a": {"x": 1}}}"#)
    let set = try resolve(#"{"a": true, "b": false}"#)
    #expect(set.plugins.map(\.name) == ["b", "a"])
    let unit = try #require(set.plugins.last?.unit)
    #expect(unit.library == path)
    #expect(unit.version == "2.0.0")
    #expect(unit.manifest?.id == "a")
    #expect(unit.embeddedConfig?.document.value == ["a": ["x": 1]])
  }

  @Test func `a library can be a plugin without a folder`() throws {
    let path = library("a", #""kind": "plugin""#)
    let set = try resolve(#"{"a": {"path": "../plugins/a/liba.so"}}"#)
    #expect(set.plugins.map(\.library) == [path])
    #expect(set.plugins.map(\.directory) == [nil])
  }

  @Test func `a pinned library that changed stops the start at the line of the pin`() throws {
    _ = library("a", #""kind": "plugin""#)
    let pin = String(repeating: "0", count: 64)
    let error = try #require(throws: BootError.self) {
      try resolve("{\n\"a\": {\n\"sha256\": \"\(pin)\"}}")
    }
    #expect(error.code == .pin)
    #expect(error.file == folder.path + "/app/config/plugin.json")
    #expect(error.line == 2)
  }

  @Test func `an interface must be published by an earlier plugin`() throws {
    _ = library("a", #""needs": ["com.example.kv/1"]"#)
    _ = library("b", #""provides": {"interfaces": ["com.example.kv/1"]}"#)
    #expect(try names(#"{"b": true, "a": true}"#) == ["b", "a"])
    let late = try #require(throws: BootError.self) { try resolve(#"{"a": true, "b": true}"#) }
    #expect(late.code == .dependency)
    #expect(late.message.contains("a plugin after it"))
    let none = try #require(throws: BootError.self) { try resolve(#"{"a": true}"#) }
    #expect(none.message.contains("no enabled plugin"))
  }

  @Test func `a stated library that is not built stops the start, of a disabled plugin not`() throws
  {
    folder.write("app/plugins/a/plugin.json", #"{"library": "lib/none.so"}"#)
    let error = try #require(throws: BootError.self) { try resolve(#"{"a": true}"#) }
    #expect(error.code == .pluginNotFound)
    #expect(error.message.contains("/app/plugins/a/lib/none.so"))
    #expect(try resolve(#"{"a": false}"#).plugins.isEmpty)
  }

  @Test func `the application's library is read as well`() throws {
    let text = #"{"egg": 1, "id": "shop", "abi": {"major": 1}, "kind": "application"}"#
    folder.write("app/egg.json", #"{"name": "shop", "library": "build/x.so"}"#)
    folder.write("app/build/x.so", ELFImage(notes: [ELFImage.note(text)]).bytes)
    let unit = try LoadUnit.application(
      AppInfo(name: "shop", baseDir: folder.path + "/app", env: "local"))
    #expect(unit.manifest?.kind == .application)
    let error = try #require(throws: BootError.self) {
      try LoadUnit.application(
        AppInfo(name: "shop", baseDir: folder.path + "/app", env: "local"),
        host: HostABI(majors: 2...2, minor: 0, interfaces: []))
    }
    #expect(error.code == .abi)
    #expect(error.unit == "app")
  }
}
