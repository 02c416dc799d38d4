import Foundation
import Testing

@Suite("Plugins that misbehave") struct MisbehavingTests {
  /// A plugin that may not take part, and what the refusal says beside its name.
  struct Refusal: CustomTestStringConvertible, Sendable {
    let id: String
    let texts: [String]
    init(_ id: String, _ texts: String...) {
      self.id = id
      self.texts = texts
    }
    var testDescription: String { id }
  }

  @Test(arguments: [
    Refusal("no-note", "EGG_MANIFEST", "not a plugin: expected a note \"EGG\""),
    Refusal("bad-json-note", "EGG_MANIFEST", "[manifest]:1", "expected a key in double quotes"),
    Refusal("large-note", "EGG_MANIFEST", "expected a manifest of at most 65536 bytes"),
    Refusal("note-wrong-major", "EGG_ABI", "expected plugin interface 1, found 2"),
    Refusal("newer-minor", "EGG_ABI", "needs plugin interface 1.999 or newer"),
    Refusal("unknown-interface", "EGG_ABI", "needs the interface \"egg.telepathy/1\""),
    Refusal("text-file", "EGG_MANIFEST", "expected an ELF library, found another kind of file"),
    Refusal("other-machine", "EGG_ABI", "expected a library for ", "found one for machine 8"),
    Refusal(
      "truncated", "EGG_MANIFEST", "expected a whole library, found one that ends before"),
    Refusal("short-header", "EGG_MANIFEST", "ends before the ELF header"),
    Refusal("world-writable", "EGG_PERMISSION", "that only its owner may change"),
  ])
  func `a library that is no plugin for this kernel is refused before it runs`(_ plugin: Refusal)
    throws
  {
    try expectRefusal(plugin)
  }

  @Test(arguments: [
    Refusal(
      "no-entry", "EGG_ABI", "expected the exported function egg_plugin_entry_v1, found none"),
    Refusal("entry-null", "EGG_LOAD", "declined to load", "entry-null does not want to"),
    Refusal("wrong-major", "EGG_ABI", "expected plugin interface 1, found 2 in its egg_plugin"),
    Refusal("wrong-id", "EGG_ABI", "found \"somebody-else\" in its egg_plugin"),
    Refusal("no-on-phase", "EGG_ABI", "has no id or no on_phase"),
    Refusal("longer-plugin", "EGG_ABI", "has fields that this egg does not know"),
  ])
  func `a plugin whose table is wrong is refused`(_ plugin: Refusal) throws {
    try expectRefusal(plugin)
  }

  @Test(arguments: [
    Refusal(
      "phase-fails", "EGG_LIFECYCLE",
      "didLoad: the database does not answer (NO_DATABASE)\nconnect 127.0.0.1:3306"),
    Refusal("phase-garbage", "EGG_LIFECYCLE", "returned 42 from load; expected DONE or LATER"),
    Refusal("phase-never-settles", "EGG_TIMEOUT", "didLoad has not ended after 300 ms"),
  ])
  func `a plugin that fails in a phase ends the start`(_ plugin: Refusal) throws {
    try expectRefusal(plugin, #"{"lifecycle": {"startTimeout": 300}}"#)
  }

  @Test func `a library that is not the pinned one is refused, and the pinned one is not`() throws {
    let library = try MisbehavingPlugins.folder.get().appendingPathComponent("garbage-step.so")
    let digest = try MisbehavingPlugins.sha256(library)
    let wrong = String(repeating: "0", count: 64)
    let refused = try MisbehavingServer("garbage-step", sha256: wrong)
    #expect(refused.port == nil)
    #expect(refused.status() == 1)
    let said = refused.output
    #expect(said.contains("error EGG_PIN garbage-step: "))
    #expect(said.contains("plugin.json:"))
    #expect(said.contains("sha256 \(wrong), found \(digest)"))
    let server = try MisbehavingServer("garbage-step", sha256: digest.uppercased())
    try server.expectHealth()
  }

  private func expectRefusal(_ plugin: Refusal, _ config: String = "{}") throws {
    let server = try MisbehavingServer(plugin.id, config)
    #expect(server.port == nil)
    #expect(server.status() == 1)
    let output = server.output
    let errors = output.components(separatedBy: "\n").filter { $0.hasPrefix("error ") }
    #expect(errors.count == 1)
    #expect(errors.first?.contains(" \(plugin.id): ") == true, "\(output)")
    for text in plugin.texts { #expect(output.contains(text)) }
  }

  // MARK: while serving

  /// A plugin that is let in; what `GET /<id>` answers and what the log says about the plugin.
  struct Offence: CustomTestStringConvertible, Sendable {
    let id: String
    var status = 200
    /// The whole body without line ends; nil where it is looked at elsewhere.
    var body: String?
    var log: [String] = []
    var testDescription: String { id }
  }

  @Test(arguments: [
    Offence(
      id: "null-table",
      body:
        "add_middleware=0 no_handle=-1 no_name=-1 no_size=-1 no_invoke=-1 no_get=-1 "
        + "no_loaded=-1",
      log: [
        "egg_middleware needs name and handle", "egg_middleware of 0 bytes",
        "egg_method needs name, invoke and a target", "egg_property needs name, get and a target",
        "egg_directory needs path, match and loaded",
      ]),
    Offence(
      id: "longer-struct", body: "add_middleware=0 set=-2 zero=0",
      log: ["bytes beyond must be zero"]),
    Offence(
      id: "duplicate-names", body: "add_middleware=0 again=-3 property=0 property_again=-3",
      log: [
        "middleware \"duplicate-names\" is registered twice",
        "\"misbehave\" is registered twice",
      ]),
    Offence(
      id: "unannounced",
      body: "add_middleware=0 middleware=-7 property=-7 publish=-7 publish_egg=-1 route=-7",
      log: [
        #"add it to "provides": {"middleware": ["secret"]}"#,
        #"add it to "provides": {"context": ["secret"]}"#,
        "\"com.example.secret/1\" is not announced",
        "an interface id needs a name of your own",
      ]),
  ])
  func `a refused registration is logged and the application starts`(_ plugin: Offence) throws {
    try expectContained(plugin)
  }

  @Test(arguments: [
    Offence(
      id: "settles-twice", body: "settled",
      log: ["finish: the call was settled", "next: the call was settled"]),
    Offence(
      id: "next-twice", body: "add_middleware=0 next=-1 next_in_resume=-1",
      log: ["next: the call was settled", "the rest of the chain runs once"]),
    Offence(id: "garbage-step", status: 500, log: ["handle: returned 42"]),
    Offence(id: "pass-in-resume", status: 500, log: ["resume: returned 1"]),
    Offence(id: "done-after-settling", status: 418),
    Offence(
      id: "other-thread",
      body: "add_middleware=0 finish=-1 next=-1 set_status=-9 config=-9 alloc=0",
      log: ["finish", "next", "set_status", "config"]
        .map { "\($0): was called on another thread than the loop's" }),
    Offence(
      id: "header-crlf",
      body:
        "add_middleware=0 crlf=-1 lf=-1 nul=-1 name=-1 blank=-1 empty=-1 status=-1 kind=-1",
      log: ["a value has no CR, LF or NUL; nothing was set"]),
    Offence(
      id: "huge-value",
      body:
        "add_middleware=0 add_method=0 deep=-8 endless=-8 long=-1 wide=-8 alloc=0 resolve=0 "
        + "invoke=0 outcome=1",
      log: ["invoke: the value is too deep (more than 128 levels)"]),
    Offence(
      id: "null-pointers",
      body:
        "add_middleware=0 string=-1 bytes=-1 list=-1 map=-1 object=-1 key=-1 name=-1 header=-1 "
        + "body=-1 payload=-1"),
    Offence(
      id: "boot-while-serving",
      body:
        "add_middleware=0 add_middleware=-5 publish=-5 set_config=-5 make_middleware=-5 "
        + "add_route=-5",
      log: [
        "add_middleware: is for boot", "publish: is for boot",
        "set_config: the configuration is frozen", "make_middleware: is for boot",
      ]),
    Offence(
      id: "made-up-tokens", log: ["finish: was given no call", "finish: the call was settled"]),
  ])
  func `what a plugin does wrong in a request is contained and logged`(_ plugin: Offence) throws {
    try expectContained(plugin)
  }

  private func expectContained(_ plugin: Offence) throws {
    let server = try MisbehavingServer(plugin.id)
    let first = try server.get("/\(plugin.id)")
    #expect(first.status == plugin.status)
    if let body = plugin.body {
      let lines = first.text.split(separator: "\n").joined(separator: " ")
      #expect(lines == body)
    }
    try server.expectHealth()
    // Again and several at once: nothing of it has stayed behind.
    let clients = try (0..<4).map { _ in try server.connect() }
    for client in clients {
      try client.send("GET /\(plugin.id) HTTP/1.1\r\nHost: a\r\n\r\n")
    }
    for client in clients { #expect(try client.response().status == plugin.status) }
    try server.expectHealth()
    for text in plugin.log { try server.expectLog("plugin \"\(plugin.id)\" ", text) }
    server.terminate()
    #expect(server.status() == 0)
    #expect(server.output.hasSuffix("closed\n"))
    #expect(!server.output.contains("never settled"))
  }

  @Test func `the inner layers run once, whatever a layer asks for`() throws {
    let server = try MisbehavingServer("next-twice", inner: ["outer"])
    let response = try server.get("/next-twice")
    #expect(response.all("x-trace") == ["outer in", "outer out"])
  }

  @Test func `no header line can be smuggled in`() throws {
    let server = try MisbehavingServer("header-crlf")
    let response = try server.get("/header-crlf")
    #expect(response["x-evil"] == nil)
    #expect(response["x-a"] == nil)
  }

  @Test func `an error settled first counts, not the DONE behind it`() throws {
    let server = try MisbehavingServer("done-after-settling")
    #expect(try server.get("/done-after-settling").text.contains("short and stout"))
  }

  @Test func `a call used after it was settled does nothing`() throws {
    let server = try MisbehavingServer("settles-twice")
    _ = try server.get("/settles-twice")
    try server.expectLog("alloc=", "alloc=0")
    #expect(server.output.contains("finish=-1\n  next=-1\n  set_status=-6\n  alloc=0"))
  }

  @Test func `every made-up token is refused`() throws {
    let server = try MisbehavingServer("made-up-tokens")
    let lines = try server.get("/made-up-tokens").text.split(separator: "\n")
    #expect(lines.first == "add_middleware=0")
    #expect(lines.count == 1 + 4 * 6)
    for line in lines.dropFirst() { #expect(line.contains("=-"), "\(line)") }
  }

  // MARK: calls that are kept

  @Test func `a forgotten call hangs alone, and its plugin is named when the server closes`() throws
  {
    let server = try MisbehavingServer(
      "never-settles", #"{"lifecycle": {"closeTimeout": 300}}"#)
    let forgotten = try server.connect()
    try forgotten.send("GET /never-settles?a=1 HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in 0..<3 { try server.expectHealth() }
    let waiting = try server.connect()
    try waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
    try server.expectHealth()
    let asked = Date()
    server.terminate()
    #expect(server.status() == 0)
    // 300 ms, a moment for those who listen, and what a busy machine takes.
    let took = Date().timeIntervalSince(asked)
    #expect(took > 0.29 && took < 5)
    try server.expectLog("WARN", "2 requests did not finish in 300 ms")
    try server.expectLog(
      "plugin \"never-settles\" never settled a call of GET /never-settles?a=1", "")
    // The probe heard that the time is up, and answered.
    #expect(!server.output.contains("a call of GET /wait"))
    #expect(try waiting.response().text == "nobody reads this")
    #expect(try forgotten.isClosed())
  }

  @Test func `whoever forgets the call of a client that went is named while serving`() throws {
    let server = try MisbehavingServer("never-settles", #"{"lifecycle": {"warnAfter": 100}}"#)
    for path in ["/never-settles", "/wait"] {
      let client = try server.connect()
      try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
      usleep(20_000)
      client.reset()
    }
    try server.expectLog(
      "plugin \"never-settles\" has not settled a call of GET /never-settles in ",
      "its client has gone")
    try server.expectHealth()
    server.terminate()
    #expect(server.status() == 0)
    let output = server.output
    // Told once for each moment, and the well-behaved one never.
    #expect(output.components(separatedBy: "has not settled").count == 2)
    #expect(output.components(separatedBy: "never settled a call").count == 2)
    #expect(!output.contains("a call of GET /wait"))
  }

  @Test func `a plugin that keeps the call of beforeClose does not keep the server`() throws {
    let server = try MisbehavingServer(
      "close-never-settles", #"{"lifecycle": {"closeTimeout": 100}}"#)
    try server.expectHealth()
    server.terminate()
    #expect(server.status() == 0)
    try server.expectLog(
      "EGG_TIMEOUT close-never-settles: beforeClose has not ended after 1000 ms", "")
    #expect(server.output.hasSuffix("closed\n"))
  }
}

/// A server in a process of its own with one misbehaving plugin and the good one, `probe`.
final class MisbehavingServer {
  /// Nil when the start was refused.
  private(set) var port: UInt16?
  private let folder: URL
  private let process = Process()
  private let input = Pipe()

  /// - Parameters:
  ///   - config: JSON laid over the configuration.
  ///   - inner: middlewares behind the plugin's own.
  init(_ id: String, _ config: String = "{}", sha256: String? = nil, inner: [String] = []) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-misbehaving-\(UUID().uuidString)")
    let settings = folder.appendingPathComponent("config")
    try FileManager.default.createDirectory(at: settings, withIntermediateDirectories: true)
    let library = try MisbehavingPlugins.folder.get().appendingPathComponent("\(id).so")
    var entry: [String: Any] = ["enable": true, "path": library.path]
    entry["sha256"] = sha256
    let good: [String: Any] = ["enable": true, "path": try ProbePlugin.library.get().path]
    let base: [String: Any] = ["logger": ["level": "INFO"], "middleware": [id] + inner]
    try JSONSerialization.data(withJSONObject: [id: entry, "probe": good])
      .write(to: settings.appendingPathComponent("plugin.json"))
    try JSONSerialization.data(withJSONObject: base)
      .write(to: settings.appendingPathComponent("config.default.json"))
    try config.write(
      to: settings.appendingPathComponent("config.prod.json"), atomically: true, encoding: .utf8)
    // A file and not a pipe: it must not matter whether somebody reads it.
    let log = folder.appendingPathComponent("output")
    try Data().write(to: log)
    let file = try FileHandle(forWritingTo: log)
    process.executableURL = try ServerProcess.program()
    process.arguments = [folder.path, "prod"]
    process.standardInput = input
    process.standardOutput = file
    process.standardError = file
    try process.run()
    for _ in 0..<2_000 {
      let isOver = !process.isRunning
      if let line = output.components(separatedBy: "\n").dropLast()
        .first(where: { $0.hasPrefix("port ") })
      {
        port = UInt16(line.dropFirst(5))
        return
      }
      if isOver { return }
      usleep(10_000)
    }
    throw Failure("ServerProbe neither listened nor ended in 20 s:\n\(output)")
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// All that it has written so far.
  var output: String {
    (try? String(contentsOf: folder.appendingPathComponent("output"), encoding: .utf8)) ?? ""
  }

  func connect() throws -> Client {
    try Client(port: #require(port, "the start was refused:\n\(output)"), tls: nil)
  }

  func get(_ path: String) throws -> Response {
    let client = try connect()
    try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    return try client.response()
  }

  /// The process is up, and the other plugin's routes and the kernel answer as ever.
  func expectHealth(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let hello = try get("/hello")
    #expect(hello.status == 200 && hello.text == "hello", sourceLocation: sourceLocation)
    #expect(try get("/").status == 404, sourceLocation: sourceLocation)
    #expect(process.isRunning, sourceLocation: sourceLocation)
  }

  /// Waits for one log line that has both texts.
  func expectLog(
    _ one: String, _ other: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for _ in 0..<500 {
      let isOver = !process.isRunning
      for line in output.components(separatedBy: "\n")
      where line.contains(one) && (other.isEmpty || line.contains(other)) { return }
      if isOver { break }
      usleep(10_000)
    }
    Issue.record(
      "expected a log line with \"\(one)\" and \"\(other)\", found:\n\(output)",
      sourceLocation: sourceLocation)
  }

  /// Asks for a graceful end.
  func terminate() { kill(process.processIdentifier, SIGTERM) }

  /// Waits for its end; -1 when a signal ended it.
  func status() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : -1
  }
}

/// The plugins of `Tests/Misbehaving`, built once for all tests.
enum MisbehavingPlugins {
  static let folder = Result { try build() }

  private static var target: URL {
    let number = ProcessInfo.processInfo.processIdentifier
    return FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-misbehaving-plugins-\(number)")
  }

  private static func build() throws -> URL {
    let sources = ProbePlugin.fixture.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Misbehaving")
    atexit { try? FileManager.default.removeItem(at: MisbehavingPlugins.target) }
    let (status, output) = try run("make", "-s", "-C", sources.path, "OUT=\(target.path)")
    guard status == 0 else { throw Failure("make could not build the plugins:\n\(output)") }
    return target
  }

  /// As `sha256sum` of the system says, so that the kernel is not asked about itself.
  static func sha256(_ file: URL) throws -> String {
    let (status, output) = try run("sha256sum", file.path)
    guard status == 0 else { throw Failure("sha256sum \(file.path): \(output)") }
    return String(output.prefix(64))
  }

  private static func run(_ arguments: String...) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
