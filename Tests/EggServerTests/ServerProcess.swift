import Foundation
import Testing

/// A running server in a process of its own, with the plugin `probe`; ends with this object.
///
/// - Note: `EGG_SERVER_PROBE` names another build of the program, such as one with a sanitizer.
final class ServerProcess {
  let port: UInt16
  let folder: URL
  private let isSecure: Bool
  private let process = Process()
  private let output = LineReader()
  private let input = Pipe()

  /// - Parameters:
  ///   - config: JSON laid over the fixture's configuration.
  ///   - https: `config.cluster.https` beside it, as JSON; nil for HTTP.
  init(
    _ config: String = "{}", env: String = "prod", https: String? = TLSOptions.standardServer
  ) throws {
    isSecure = https != nil
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-server-\(UUID().uuidString)")
    let plugins = folder.appendingPathComponent("plugins/probe")
    try FileManager.default.createDirectory(at: plugins, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: ProbePlugin.fixture.appendingPathComponent("app/config"),
      to: folder.appendingPathComponent("config"))
    try FileManager.default.createSymbolicLink(
      at: plugins.appendingPathComponent("libprobe.so"),
      withDestinationURL: ProbePlugin.library.get())
    try Self.adding(https, to: config).write(
      to: folder.appendingPathComponent("config/config.\(env).json"), atomically: true,
      encoding: .utf8)
    process.executableURL = try ServerProcess.program()
    process.arguments = [folder.path, env]
    process.standardOutput = output.pipe
    process.standardInput = input
    var environment = ProcessInfo.processInfo.environment
    environment["ASAN_OPTIONS"] = "detect_leaks=0"
    process.environment = environment
    try process.run()
    let line = try output.line { $0.hasPrefix("port ") || $0.hasPrefix("error ") }
    port = try #require(UInt16(line.dropFirst(5)), "ServerProbe said: \(line)")
  }

  private static func adding(_ https: String?, to config: String) throws -> String {
    guard let https else { return config }
    func object(_ text: String) throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
    var all = try object(config)
    all["cluster"] = try ["https": JSONSerialization.jsonObject(with: Data(https.utf8))]
    return String(decoding: try JSONSerialization.data(withJSONObject: all), as: UTF8.self)
  }

  deinit {
    if process.isRunning {
      process.terminate()
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  var isRunning: Bool { process.isRunning }
  var identifier: Int32 { process.processIdentifier }

  func connect() throws -> Client { try Client(port: port, tls: isSecure ? TLSOptions() : nil) }

  /// One request on a connection of its own.
  func get(_ path: String, _ headers: String = "", method: String = "GET") throws -> Response {
    let client = try connect()
    try client.send("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(headers)\r\n")
    return try client.response(toHead: method == "HEAD")
  }

  func post(_ path: String, _ headers: String, _ body: String) throws -> Response {
    let client = try connect()
    try client.send(
      "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    )
    return try client.response()
  }

  /// What the plugin has counted.
  func counters() throws -> [String: Int] { Self.numbers(try get("/counters").text) }

  /// Asks until the plugin's counters are as expected; what happens in the server takes a moment.
  func waitForCounters(
    _ expected: [String: Int], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var seen: [String: Int] = [:]
    for _ in 0..<200 {
      seen = try counters()
      if expected.allSatisfy({ seen[$0] == $1 }) { return }
      usleep(10_000)
    }
    for (name, value) in expected {
      #expect(seen[name] == value, "counter \(name)", sourceLocation: sourceLocation)
    }
  }

  /// What the kernel holds at this moment.
  func figures() throws -> [String: Int] {
    kill(process.processIdentifier, SIGUSR1)
    return Self.numbers(try output.line { $0.hasPrefix("figures ") })
  }

  func waitForFigures(
    _ expected: [String: Int], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var seen: [String: Int] = [:]
    for _ in 0..<300 {
      seen = try figures()
      if expected.allSatisfy({ seen[$0] == $1 }) { return }
      usleep(10_000)
    }
    for (name, value) in expected {
      #expect(seen[name] == value, "figure \(name)", sourceLocation: sourceLocation)
    }
  }

  /// Asks for a graceful end.
  func terminate() { kill(process.processIdentifier, SIGTERM) }

  /// Waits for its end.
  func status() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : -1
  }

  /// Resident memory in bytes.
  func memory() throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(identifier)/statm", encoding: .utf8)
    return Int(text.split(separator: " ")[1])! * 4096
  }

  private static func numbers(_ text: String) -> [String: Int] {
    var result: [String: Int] = [:]
    for pair in text.split(separator: " ") {
      let parts = pair.split(separator: "=")
      if parts.count == 2 { result[String(parts[0])] = Int(parts[1]) }
    }
    return result
  }

  /// The program lies where the test bundle does.
  static func program() throws -> URL {
    if let path = ProcessInfo.processInfo.environment["EGG_SERVER_PROBE"] {
      return URL(fileURLWithPath: path)
    }
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let places = [beside, Bundle.main.bundleURL].map { $0.appendingPathComponent("ServerProbe") }
    let found = places.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    return try #require(found, "build product ServerProbe beside the tests")
  }
}

/// The lines a process prints, waited for one by one.
final class LineReader: @unchecked Sendable {
  let pipe = Pipe()
  private var buffer: [UInt8] = []

  /// The next line that `isWanted`; others are dropped.
  func line(_ isWanted: (String) -> Bool) throws -> String {
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    while true {
      while let end = buffer.firstIndex(of: 0x0A) {
        let line = String(decoding: buffer[..<end], as: UTF8.self)
        buffer.removeSubrange(...end)
        if isWanted(line) { return line }
      }
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard Foundation.poll(&poll, 1, 20_000) > 0 else { throw Failure("no line in 20 s") }
      var piece = [UInt8](repeating: 0, count: 4096)
      let count = read(descriptor, &piece, piece.count)
      guard count > 0 else { throw Failure("the process ended") }
      buffer += piece[..<count]
    }
  }
}

struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// The plugin of the fixtures, compiled once for all tests.
enum ProbePlugin {
  static let fixture = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/serverplugin")

  static let library = Result { try compile() }

  private static func compile() throws -> URL {
    let root = fixture.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let sources = fixture.appendingPathComponent("probe")
    let target = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-probe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    let library = target.appendingPathComponent("libprobe.so")
    let files = try FileManager.default.contentsOfDirectory(atPath: sources.path)
      .filter { $0.hasSuffix(".c") }.sorted().map { sources.appendingPathComponent($0).path }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [
        "cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-g",
        "-shared", "-fPIC", "-I", root.appendingPathComponent("Sources/PluginABI/include").path,
        "-o", library.path,
      ] + files + ["-lpthread"]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure("cc could not build the plugin") }
    return library
  }
}
