import Glibc
import Testing

@testable import EggKernel

@Suite("Server environment") struct ServerEnvironmentTests {
  func resolve(
    _ variables: [String: String], option: String? = nil, file: String? = nil
  ) throws -> (ServerEnvironment, [BootNotice]) {
    let folder = TemporaryFolder()
    if let file { folder.write("config/env", file) }
    var notices: [BootNotice] = []
    let environment = try ServerEnvironment.resolve(
      baseDir: folder.path, option: option, variables: EnvironmentVariables(variables),
      notices: &notices)
    return (environment, notices)
  }

  @Test func `the option wins, then the file, then the variables`() throws {
    let all = ["EGG_SERVER_ENV": " sit ", "EGG_ENV": "test", "NODE_ENV": "production"]
    #expect(try resolve(all, option: "stage", file: "pre\n").0.name == "stage")
    #expect(try resolve(all, file: " pre\n").0.name == "pre")
    #expect(try resolve(all, file: "\n").0.name == "sit")
    #expect(try resolve(all).0 == ServerEnvironment(name: "sit", source: "EGG_SERVER_ENV"))
    #expect(try resolve(["EGG_ENV": "test", "NODE_ENV": "production"]).0.name == "unittest")
    #expect(try resolve(["NODE_ENV": "production"]).0.name == "prod")
    #expect(try resolve(["NODE_ENV": "test"]).0.name == "unittest")
    #expect(try resolve(["NODE_ENV": "development"]).0.name == "local")
    #expect(try resolve([:]).0 == ServerEnvironment(name: "local", source: "default"))
  }

  @Test func `an EGG_ENV that means nothing is ignored with a warning`() throws {
    let (environment, notices) = try resolve(["EGG_ENV": "prod", "NODE_ENV": "test"])
    #expect(environment.name == "unittest")
    #expect(notices.count == 1)
    #expect(notices.first?.text.contains("EGG_SERVER_ENV") == true)
  }

  @Test(arguments: ["../x", "a/b", "a b", "a\u{0}b"])
  func `a name that could leave the folder is refused`(name: String) throws {
    let error = try #require(throws: BootError.self) { try resolve([:], option: name) }
    #expect(error.code == .config)
  }
}

@Suite("Application facts") struct AppInfoTests {
  @Test func `name, environment, scope and home come together`() throws {
    var notices: [BootNotice] = []
    let info = try AppInfo.read(
      baseDir: Fixtures.config + "/shop/", env: "prod",
      variables: EnvironmentVariables(["EGG_SERVER_SCOPE": "eu", "EGG_HOME": "/srv/home"]),
      notices: &notices)
    #expect(info.name == "shop")
    #expect(info.baseDir == Fixtures.config + "/shop")
    #expect(info.scope == "eu")
    #expect(info.root == "/srv/home")
    #expect(notices.isEmpty)
  }

  @Test(arguments: [("local", "/app"), ("unittest", "/app"), ("prod", "/h"), ("sit", "/h")])
  func `the root is the application only where people develop`(env: String, root: String) {
    #expect(AppInfo(name: "a", baseDir: "/app", env: env, home: "/h").root == root)
  }

  @Test func `without egg.json the folder gives the name`() throws {
    let folder = TemporaryFolder()
    var notices: [BootNotice] = []
    let info = try AppInfo.read(
      baseDir: folder.path, variables: EnvironmentVariables(["HOME": "/h"]), notices: &notices)
    #expect(info.name == Path.lastComponent(of: folder.path))
    #expect(info.home == "/h")
  }

  @Test func `a misspelt field of egg.json gets a hint, a wrong one an error with its line`() throws
  {
    let folder = TemporaryFolder()
    folder.write("egg.json", "{\n \"nmae\": \"x\" }")
    var notices: [BootNotice] = []
    _ = try AppInfo.read(
      baseDir: folder.path, variables: EnvironmentVariables([:]), notices: &notices)
    #expect(
      notices.map(\.text) == [
        "\(folder.path)/egg.json:2: unknown \"nmae\", did you mean \"name\"?"
      ])
    folder.write("egg.json", "{\n\n \"name\": 7 }")
    let error = try #require(throws: BootError.self) {
      try AppInfo.read(
        baseDir: folder.path, variables: EnvironmentVariables([:]), notices: &notices)
    }
    #expect(error.line == 3)
    #expect(error.description.hasPrefix("EGG_CONFIG app: \(folder.path)/egg.json:3: expected"))
  }

  @Test func `a folder that does not exist is refused`() throws {
    var notices: [BootNotice] = []
    let error = try #require(throws: BootError.self) {
      try AppInfo.read(
        baseDir: "/does/not/exist", variables: EnvironmentVariables([:]), notices: &notices)
    }
    #expect(error.code == .config)
  }
}

@Suite("Files and paths") struct FileTests {
  @Test(arguments: [
    ("/a", "b", "/a/b"), ("/a", "../b", "/b"), ("/a/", "./b//c/", "/a/b/c"), ("/a", "/b", "/b"),
    ("/", "../..", "/"), ("a", "../../b", "../b"),
  ])
  func `paths join by text`(folder: String, path: String, joined: String) {
    #expect(Path.join(folder, path) == joined)
  }

  @Test func `a missing file is nil, a folder and a pipe are refused, a large file too`() throws {
    let folder = TemporaryFolder()
    #expect(try FileReader.contents(of: folder.path + "/x", unit: "app") == nil)
    #expect(try FileReader.contents(of: folder.write("f", "abc") + "/x", unit: "app") == nil)
    #expect(try FileReader.contents(of: folder.path + "/f", limit: 3, unit: "app") == [97, 98, 99])
    #expect(throws: BootError.self) {
      try FileReader.contents(of: folder.path + "/f", limit: 2, unit: "app")
    }
    let error = try #require(throws: BootError.self) {
      try FileReader.contents(of: folder.path, unit: "app")
    }
    #expect(error.code == .permission)
    #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
    #expect(throws: BootError.self) {
      try FileReader.contents(of: folder.path + "/pipe", unit: "app")
    }
  }
}
