import Glibc
import Testing

@testable import EggKernel

@Suite("Configuration tree") struct ConfigTreeTests {
  let boot = ConfigOrigin.code("configWillLoad", unit: "redis", kind: .plugin)

  func tree(_ value: ConfigValue) throws -> ConfigTree {
    var tree = ConfigTree()
    try tree.merge(value, origin: .code("test", unit: "app", kind: .application))
    return tree
  }

  @Test func `set replaces, merge merges, both leave a trace`() throws {
    var tree = try tree(["a": ["x": 1, "y": 2]])
    try tree.merge(["y": 3], at: "a", origin: boot)
    #expect(tree.value(at: "a") == ["x": 1, "y": 3])
    try tree.set("a", ["z": 4], origin: boot)
    #expect(tree.value == ["a": ["z": 4]])
    #expect(tree.writers(of: "a.y").map(\.unit) == ["app", "redis", "redis"])
    try tree.set("n.e.w", [1], origin: boot)
    #expect(tree.value(at: "n.e.w.0") == 1)
    #expect(tree.writers(of: "n.e.w.0").map(\.place) == ["<configWillLoad>"])
    try tree.set("n", "flat", origin: boot)
    #expect(tree.value(at: "n") == "flat")
    #expect(tree.value(at: "n.e") == nil)
  }

  @Test func `a list is set as a whole`() throws {
    var tree = try tree(["list": [1, 2]])
    let error = try #require(throws: BootError.self) { try tree.set("list.0", 5, origin: boot) }
    #expect(error.code == .config)
    #expect(tree.value == ["list": [1, 2]])
    try tree.set("list", [5], origin: boot)
    try tree.freeze()
    #expect(tree.value(at: "list.0") == 5)
  }

  @Test func `keys with dots are reached by a path of keys`() throws {
    let tree = try tree(["a.b": ["c": 1]])
    #expect(tree.value(at: ["a.b", "c"]) == 1)
    #expect(tree.value(at: "a.b.c") == nil)
  }

  @Test func `a frozen tree cannot be changed`() throws {
    var tree = try tree(["a": 1])
    try tree.freeze()
    let error = try #require(throws: BootError.self) { try tree.set("a", 2, origin: boot) }
    #expect(error.code == .lifecycle)
    #expect(error.unit == "redis")
    #expect(throws: BootError.self) { try tree.merge(["a": 2], origin: boot) }
    #expect(tree.value(at: "a") == 1)
  }

  // Keys from Egg's config.dump.ignore, and one of ours.
  @Test(arguments: [
    "pass", "pwd", "passd", "passwd", "password", "passphrase", "keys", "masterKey", "accessKey",
    "secret", "clientSecret", "SECRET_TOKEN", "ssecret", "sesecret",
  ])
  func `secrets are masked`(key: String) throws {
    let tree = try tree(["in": [.object([key: "12345678"])], .init(key): "öé😀"])
    #expect(
      tree.dump() == ["in": [.object([key: "<String len: 8>"])], .init(key): "<String len: 4>"])
    #expect(tree.dump(masked: false).object?[key] == "öé😀")
  }

  @Test func `other keys are shown, and secrets of other kinds are not`() throws {
    let tree = try tree([
      "compass": "n", "key": "k", "password": nil, "dump": ["ignore": ["key"]],
      "secrets": [1, 2], "pass": 5, "pwd": true, "keys": ["a": 1],
    ])
    #expect(
      tree.dump() == [
        "compass": "n", "key": "<String len: 1>", "password": nil, "dump": ["ignore": ["key"]],
        "secrets": "<Array len: 2>", "pass": "<Number>", "pwd": "<Boolean>", "keys": "<Object>",
      ])
  }

  @Test func `the explanation lists writers in order and hides secrets`() throws {
    var tree = try tree(["db": ["host": "a", "password": "hunter2"]])
    try tree.set("db.host", "b", origin: boot)
    #expect(
      tree.explanation(of: "db.host") == """
        db.host = "b"
          1. application   <test>            "a"
          2. plugin redis  <configWillLoad>  "b"
        """)
    #expect(!tree.explanation(of: "db.password").contains("hunter2"))
    #expect(tree.explanation(of: "db.hots") == "db.hots is not set (did you mean \"host\"?)")
    #expect(
      tree.explanation(of: "db") == """
        db = {
          "host": "b",
          "password": "<String len: 7>"
        }
          1. host      application   <test>            "a"
          2. host      plugin redis  <configWillLoad>  "b"
          3. password  application   <test>            "<String len: 7>"
        """)
  }

  @Test func `run files hold config, plugins and facts, for the owner's eyes only`() throws {
    let folder = TemporaryFolder()
    let tree = try tree(["a": 1, "password": "hunter2"])
    let info = AppInfo(name: "shop", baseDir: "/srv/shop", env: "local")
    let notices = tree.writeRunFiles(
      process: "application", folder: folder.path + "/deep/run", plugins: ["p": true],
      appInfo: info)
    #expect(notices.isEmpty)
    let text = try #require(folder.text("deep/run/application_config.json"))
    let value = try JSONParser.parse(text, file: "f").value
    #expect(value["config"] == ["a": 1, "password": "<String len: 7>"])
    #expect(value["plugins"] == ["p": true])
    #expect(value["appInfo"]?["baseDir"] == "/srv/shop")
    let meta = try #require(folder.text("deep/run/application_config_meta.json"))
    #expect(try JSONParser.parse(meta, file: "f").value["a"] == "<test>")
    var status = stat()
    #expect(stat(folder.path + "/deep/run/application_config.json", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test func `a run file that cannot be written is a warning`() throws {
    let folder = TemporaryFolder()
    folder.write("run", "a file, not a folder")
    let notices = try tree([:]).writeRunFiles(
      process: "agent", folder: folder.path + "/run", plugins: [:],
      appInfo: AppInfo(name: "x", baseDir: "/x", env: "local"))
    #expect(notices.map(\.level) == [.warning, .warning])
  }
}
