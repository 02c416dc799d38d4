import Testing

@testable import EggKernel

/// An application, a plugin and a framework in a temporary folder.
private struct Units {
  let folder = TemporaryFolder()
  var env = "prod"
  var scope = ""
  var variables: [String: String] = [:]

  func write(_ unit: String, _ name: String, _ text: String) {
    folder.write("\(unit)/config/\(name).json", text)
  }

  func load() throws -> ConfigTree {
    let units = [
      LoadUnit(kind: .plugin, name: "one", directory: folder.path + "/one"),
      LoadUnit(kind: .plugin, name: "two", directory: folder.path + "/two"),
      LoadUnit(kind: .framework, name: "acme", directory: folder.path + "/acme"),
      LoadUnit(kind: .application, name: "shop", directory: folder.path + "/app"),
    ]
    return try ConfigLoader.load(
      appInfo: AppInfo(
        name: "shop", baseDir: folder.path + "/app", env: env, scope: scope, home: "/h"),
      units: units, variables: EnvironmentVariables(variables))
  }

  func path(_ unit: String, _ name: String) -> String {
    "\(folder.path)/\(unit)/config/\(name).json"
  }
}

@Suite("Configuration") struct ConfigLoaderTests {
  @Test func `objects merge, everything else replaces, lists as a whole`() throws {
    let units = Units()
    units.write(
      "one", "config.default",
      """
      {"a": {"x": 1, "y": {"z": 1}}, "list": [1, 2, 3], "gone": {"k": 1}, "kept": {"k": 1},
       "scalar": {"k": 1}, "late": 5, "__proto__": {"bad": 1}}
      """)
    units.write(
      "app", "config.default",
      """
      {"a": {"y": {"w": 2}}, "list": [9], "gone": null, "kept": {}, "scalar": "s",
       "late": {"k": 2}, "new": {}}
      """)
    #expect(
      try units.load().value == [
        "a": ["x": 1, "y": ["z": 1, "w": 2]], "list": [9], "gone": nil, "kept": ["k": 1],
        "scalar": "s", "late": ["k": 2], "new": [:],
      ])
  }

  @Test func `an object that replaces a scalar does not bring back what was there before`() throws {
    let units = Units()
    units.write("one", "config.default", #"{"a": {"old": 1}}"#)
    units.write("acme", "config.default", #"{"a": null}"#)
    units.write("app", "config.default", #"{"a": {"fresh": 2}}"#)
    #expect(try units.load().value == ["a": ["fresh": 2]])
  }

  @Test func `files are the outer loop, units the inner one`() throws {
    var units = Units()
    units.scope = "eu"
    for unit in ["one", "two", "acme", "app"] {
      units.write(unit, "config.default", #"{"k": "\#(unit) default", "\#(unit)": 1}"#)
    }
    #expect(try units.load().value(at: "k") == "app default")
    units.write("one", "config.eu", #"{"k": "one eu"}"#)
    #expect(try units.load().value(at: "k") == "one eu")
    units.write("two", "config.prod", #"{"k": "two prod"}"#)
    #expect(try units.load().value(at: "k") == "two prod")
    units.write("one", "config.eu_prod", #"{"k": "one eu_prod"}"#)
    #expect(try units.load().value(at: "k") == "one eu_prod")
    units.variables["EGG_APP_CONFIG"] = #"{"k": "variable"}"#
    #expect(try units.load().value(at: "k") == "variable")
    units.write("app", "config.local", #"{"k": "other environment"}"#)
    #expect(try units.load().value(at: "k") == "variable")
  }

  @Test func `plain config counts only where config_default is missing`() throws {
    let units = Units()
    units.write("app", "config", #"{"a": 1}"#)
    #expect(try units.load().value == ["a": 1])
    units.write("app", "config.default", #"{"b": 1}"#)
    #expect(try units.load().value == ["b": 1])
  }

  @Test func `the environment default loads no environment files`() throws {
    var units = Units()
    units.env = "default"
    units.scope = "eu"
    units.write("app", "config.default", #"{"a": 1}"#)
    units.write("app", "config.eu", #"{"b": 1}"#)
    units.write("app", "config.eu_default", #"{"c": 1}"#)
    #expect(try units.load().value == ["a": 1, "b": 1])
  }

  @Test func `every writer of a leaf is known, with file, line and column`() throws {
    var units = Units()
    units.write("one", "config.default", "{\n  \"db\": {\n    \"host\": \"a\", \"port\": 1 } }")
    units.write("app", "config.default", "{ \"db\": { \"host\": \"b\" } }")
    units.variables["EGG_APP_CONFIG"] = "{\"db\": {\"host\": \"c\"}}"
    let tree = try units.load()
    let writers = tree.writers(of: "db.host")
    #expect(writers.map(\.value) == ["a", "b", "c"])
    #expect(
      writers.map(\.place) == [
        units.path("one", "config.default") + ":3:5", units.path("app", "config.default") + ":1:11",
        "<process.env.EGG_APP_CONFIG>:1:9",
      ])
    #expect(writers.map(\.unit) == ["one", "app", "app"])
    #expect(tree.writers(of: "db").count == 4)
    #expect(tree.writers(of: "db.none").isEmpty)
    #expect(
      tree.metaDump() == [
        "db": [
          "host": "<process.env.EGG_APP_CONFIG>:1",
          "port": .string(units.path("one", "config.default") + ":3"),
        ]
      ])
  }

  @Test func `a leaf that was replaced from above still tells who did it`() throws {
    let units = Units()
    units.write("one", "config.default", #"{"db": {"host": "a"}}"#)
    units.write("app", "config.default", "{\n\"db\": null}")
    let writers = try units.load().writers(of: "db.host")
    #expect(writers.map(\.unit) == ["one", "app"])
    #expect(writers.map(\.line) == [1, 2])
    #expect(writers.last?.value == .null)
  }

  @Test func `a plugin's environment file that beats the application's default is warned about`()
    throws
  {
    let units = Units()
    units.write("one", "config.prod", #"{"a": 1, "same": 3, "fixed": 1, "own": 1}"#)
    units.write("app", "config.default", #"{"a": 2, "same": 3, "fixed": 2}"#)
    units.write("app", "config.prod", #"{"fixed": 4}"#)
    let notices = try units.load().notices
    #expect(notices.count == 1)
    let text = try #require(notices.first?.text)
    #expect(text.contains("\"a\" of \(units.path("app", "config.default")):1:2"))
    #expect(text.contains("plugin \"one\" in \(units.path("one", "config.prod")):1:2"))
  }

  @Test func `EGG_APP_CONFIG that is no object is ignored with a warning`() throws {
    var units = Units()
    for text in ["{\"a\": hunter2}", "[1]"] {
      units.variables["EGG_APP_CONFIG"] = text
      let tree = try units.load()
      #expect(tree.value == [:])
      #expect(tree.notices.count == 1)
      #expect(tree.notices[0].level == .warning)
      #expect(!tree.notices[0].text.contains("hunter2"))
    }
  }

  @Test(arguments: [
    ("one", "coreMiddleware"), ("app", "coreMiddleware"), ("one", "middleware"),
    ("acme", "middleware"),
  ])
  func `middleware lists have their place`(unit: String, key: String) throws {
    let units = Units()
    units.write(unit, "config.default", "{\n\n\"\(key)\": []}")
    let error = try #require(throws: BootError.self) { try units.load() }
    #expect(error.code == .config)
    #expect(error.line == 3)
    #expect(error.message.contains("can not define \"\(key)\" in"))
  }

  @Test func `the middleware lists get their second names when the tree freezes`() throws {
    let units = Units()
    units.write("acme", "config.default", #"{"coreMiddleware": ["meta"]}"#)
    units.write("app", "config.default", #"{"middleware": ["gzip"]}"#)
    var tree = try units.load()
    try tree.set(
      "coreMiddleware", ["meta", "session"], origin: .code("boot", unit: "one", kind: .plugin))
    try tree.freeze()
    #expect(tree.value(at: "coreMiddlewares") == ["meta", "session"])
    #expect(tree.value(at: "appMiddleware") == ["gzip"])
    #expect(tree.value(at: "appMiddlewares") == ["gzip"])
  }

  @Test(arguments: [
    ("bodyparser", "bodyParser"), ("notFound", "notfound"), ("sitefile", "siteFile"),
    ("middlewares", "middleware"), ("httpClient", "httpclient"),
  ])
  func `known misspellings are warned about`(key: String, meant: String) throws {
    let units = Units()
    units.write("app", "config.default", "{\"\(key)\": {}}")
    let notices = try units.load().notices
    #expect(notices.map { $0.text.contains("did you mean \"\(meant)\"?") } == [true])
  }

  @Test func `placeholders are filled in, a list's too`() throws {
    var units = Units()
    units.variables = ["PORT": "8080"]
    units.write(
      "app", "config.default",
      """
      {"dir": "${appInfo.root}/logs", "port": "${PORT:json}", "l": ["${PORT}"],
       "o": "${NONE:json:-{\\"a\\": 1\\u007d}"}
      """)
    let tree = try units.load()
    #expect(tree.value(at: "dir") == "/h/logs")
    #expect(tree.value(at: "port") == 8080)
    #expect(tree.value(at: "l.0") == "8080")
    #expect(tree.value(at: "l.1") == nil)
  }

  @Test func `a missing variable counts only when nobody replaces the value`() throws {
    let units = Units()
    units.write("one", "config.default", "{\n  \"db\": {\n    \"host\": \"${DB_HOST}\" } }")
    var tree = try units.load()
    let error = try #require(throws: BootError.self) { try tree.freeze() }
    #expect(error.file == units.path("one", "config.default"))
    #expect(error.line == 3)
    #expect(error.unit == "one")
    #expect(error.message.contains("\"DB_HOST\""))
    units.write("app", "config.default", #"{"db": {"host": "x"}}"#)
    var other = try units.load()
    try other.freeze()
    #expect(other.value(at: "db.host") == "x")
  }

  @Test func `text that is no JSON stops the start with file, line and caret`() throws {
    let units = Units()
    units.write("two", "config.default", "{\n  \"a\": 1,\n  b: 2\n}")
    let error = try #require(throws: BootError.self) { try units.load() }
    #expect(error.unit == "two")
    #expect(error.line == 3)
    #expect(error.description.contains("  3 |   b: 2\n    |   ^"))
    units.write("two", "config.default", "[]")
    #expect(throws: BootError.self) { try units.load() }
  }

  @Test func `defaults embedded in a library come before the plugin's files`() throws {
    let embedded = LoadUnit.EmbeddedConfig(label: "lib.so[manifest]", value: ["a": 1, "b": 1])
    let folder = TemporaryFolder()
    folder.write("config/config.default.json", #"{"b": 2}"#)
    let tree = try ConfigLoader.load(
      appInfo: AppInfo(name: "x", baseDir: "/x", env: "local"),
      units: [
        LoadUnit(kind: .plugin, name: "p", directory: folder.path, embeddedConfig: embedded)
      ], variables: EnvironmentVariables([:]))
    #expect(tree.value == ["a": 1, "b": 2])
    #expect(tree.writers(of: "a").map(\.place) == ["lib.so[manifest]"])
  }
}
