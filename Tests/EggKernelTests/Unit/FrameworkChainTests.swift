import Testing

@testable import EggKernel

@Suite("Framework chain") struct FrameworkChainTests {
  func resolve(
    _ baseDir: String, option: String? = nil, _ variables: [String: String] = [:],
    system: [String] = []
  ) throws -> [String] {
    var notices: [BootNotice] = []
    return try FrameworkChain.resolve(
      baseDir: baseDir, option: option, variables: EnvironmentVariables(variables),
      systemDirectories: system,
      core: LoadUnit(kind: .framework, name: "egg", directory: nil), notices: &notices
    ).map(\.name)
  }

  @Test func `an application without a framework stands on the kernel`() throws {
    #expect(try resolve(TemporaryFolder().path) == ["egg"])
  }

  @Test func `the base comes first`() throws {
    let folder = TemporaryFolder()
    folder.write("app/egg.json", #"{"framework": "upper"}"#)
    folder.write("app/frameworks/upper/egg.json", #"{"framework": "../base"}"#)
    folder.write("app/frameworks/base/egg.json", #"{"name": "ground", "framework": "egg"}"#)
    #expect(try resolve(folder.path + "/app") == ["egg", "ground", "upper"])
  }

  @Test func `the option wins over the variable, the variable over egg.json`() throws {
    let folder = TemporaryFolder()
    folder.write("app/egg.json", #"{"framework": "a"}"#)
    for name in ["a", "b", "c"] { folder.write("system/\(name)/egg.json", "{}") }
    let app = folder.path + "/app"
    let system = [folder.path + "/system"]
    let variables = ["EGG_FRAMEWORK": "b"]
    #expect(try resolve(app, option: "c", variables, system: system) == ["egg", "c"])
    #expect(try resolve(app, variables, system: system) == ["egg", "b"])
    #expect(try resolve(app, system: system) == ["egg", "a"])
    #expect(try resolve(app, option: folder.path + "/system/b") == ["egg", "b"])
  }

  @Test func `a missing framework names every place and the line that asked`() throws {
    let folder = TemporaryFolder()
    folder.write("egg.json", "{\n  \"framework\": \"acme\"\n}")
    let error = try #require(throws: BootError.self) {
      try resolve(folder.path, system: ["/opt/egg/frameworks"])
    }
    #expect(error.code == .framework)
    #expect(error.line == 2)
    #expect(error.message.contains("\(folder.path)/frameworks/acme"))
    #expect(error.message.contains("/opt/egg/frameworks/acme"))
  }

  @Test func `a circle is refused and shown`() throws {
    let folder = TemporaryFolder()
    folder.write("egg.json", #"{"framework": "a"}"#)
    folder.write("frameworks/a/egg.json", #"{"framework": "../b"}"#)
    folder.write("frameworks/b/egg.json", #"{"framework": "../a"}"#)
    let error = try #require(throws: BootError.self) { try resolve(folder.path) }
    #expect(error.code == .framework)
    #expect(error.message.contains("a → b → a"))
  }
}
