import Testing

@testable import EggKernel

@Suite("Plugin table") struct PluginTableTests {
  let folder = TemporaryFolder()

  func load(
    env: String = "local", scope: String = "", option: String? = nil,
    _ variables: [String: String] = [:]
  ) throws -> PluginTable {
    try PluginTable.load(
      appInfo: AppInfo(name: "app", baseDir: folder.path + "/app", env: env, scope: scope),
      frameworks: ["base", "upper"].map {
        LoadUnit(kind: .framework, name: $0, directory: "\(folder.path)/\($0)")
      }, option: option, variables: EnvironmentVariables(variables))
  }

  func write(_ unit: String, _ name: String, _ text: String) {
    folder.write("\(unit)/config/\(name).json", text)
  }

  @Test func `later tables win: frameworks, application, variable, option`() throws {
    write("base", "plugin", #"{"a": false, "b": false, "c": false, "d": false, "e": false}"#)
    write("upper", "plugin", #"{"a": true}"#)
    write("app", "plugin", #"{"b": true, "c": true, "d": true, "$schema": "x"}"#)
    write("app", "plugin.local", #"{"b": false}"#)
    let table = try load(
      option: #"{"d": false}"#, ["EGG_PLUGINS": #"{"c": {"enable": false}, "d": true}"#])
    #expect(table.entries.keys == ["a", "b", "c", "d", "e"])
    #expect(table.entries.values.map(\.enable) == [true, false, false, false, false])
    #expect(table.entries["d"]?.from == FilePlace(file: "<option plugins>", line: 1))
    #expect(table.notices.isEmpty)
  }

  @Test func `a framework's environment file comes after every framework's default file`() throws {
    write("base", "plugin.local", #"{"a": true}"#)
    write("upper", "plugin.default", #"{"a": false}"#)
    write("upper", "plugin", #"{"unread": true}"#)
    let table = try load()
    #expect(table.entries["a"]?.enable == true)
    #expect(table.entries["unread"] == nil)
  }

  @Test func `scope, environment and both have files`() throws {
    write("app", "plugin", #"{"a": {"package": "p0"}}"#)
    write("app", "plugin.eu", #"{"a": {"package": "p1"}}"#)
    write("app", "plugin.prod", #"{"a": {"package": "p2"}}"#)
    write("app", "plugin.eu_prod", #"{"a": {"package": "p3"}}"#)
    #expect(try load().entries["a"]?.package == "p0")
    #expect(try load(scope: "eu").entries["a"]?.package == "p1")
    #expect(try load(env: "prod").entries["a"]?.package == "p2")
    #expect(try load(env: "prod", scope: "eu").entries["a"]?.package == "p3")
  }

  @Test func `properties merge one by one, an empty list replaces nothing`() throws {
    write("base", "plugin", #"{"a": {"package": "p", "env": ["local"], "dep": ["x"]}, "b": false}"#)
    write("app", "plugin", #"{"a": {"env": [], "dependencies": [], "override": true}, "b": {}}"#)
    let entry = try #require(try load().entries["a"])
    #expect(entry.package == "p")
    #expect(entry.env == ["local"])
    #expect(entry.dependencies == ["x"])
    #expect(entry.override)
    // An object without "enable" switches on, as in Egg.
    #expect(try load().entries["b"]?.enable == true)
  }

  @Test func `path and package replace each other`() throws {
    write("base", "plugin", #"{"a": {"package": "p"}, "b": {"path": "/abs"}}"#)
    write("app", "plugin", #"{"a": {"path": "../plugins/a"}, "b": {"package": "q"}}"#)
    let table = try load()
    #expect(table.entries["a"]?.package == nil)
    #expect(table.entries["a"]?.path == folder.path + "/app/plugins/a")
    #expect(table.entries["b"]?.package == "q")
    #expect(table.entries["b"]?.path == nil)
  }

  @Test func `the same package again gets a warning`() throws {
    write("base", "plugin", #"{"a": {"package": "p"}}"#)
    write("app", "plugin", #"{"a": {"package": "p"}}"#)
    #expect(try load().notices.map(\.level) == [.warning])
  }

  @Test(arguments: [
    (#"{"a": {"enabled": true}}"#, "unknown field \"enabled\" (did you mean \"enable\"?)"),
    (#"{"a": 1}"#, "true, false or an object"), (#"{"a": null}"#, "true, false or an object"),
    (#"{"a": {"enable": "yes"}}"#, "to be true or false"),
    (#"{"a": {"env": "prod"}}"#, "to be a list of strings"),
    (#"{"a": {"package": "../x"}}"#, "use \"path\" instead of \"package\""),
    (#"{"a": {"package": "/x"}}"#, "use \"path\" instead of \"package\""),
    (#"{"a": {"package": "c:x"}}"#, "use \"path\" instead of \"package\""),
    (#"{"a": {"package": "x", "path": "/x"}}"#, "found both"),
    (#"{"a": {"sha256": "abc"}}"#, "64 hexadecimal digits"), (#"{"a": {"name": "b"}}"#, "\"b\""),
  ])
  func `a wrong entry is refused with its line`(text: String, part: String) throws {
    write("app", "plugin", "\n" + text)
    let error = try #require(throws: BootError.self) { try load() }
    #expect(error.code == .config)
    #expect(error.file == folder.path + "/app/config/plugin.json")
    #expect(error.line == 2)
    #expect(error.message.contains(part))
  }

  @Test func `EGG_PLUGINS that is no JSON is ignored with a warning, the option is not`() throws {
    let table = try load(["EGG_PLUGINS": "{oops"])
    #expect(table.entries.isEmpty)
    #expect(table.notices.map(\.level) == [.warning])
    #expect(throws: BootError.self) { try load(option: "{oops") }
  }
}
