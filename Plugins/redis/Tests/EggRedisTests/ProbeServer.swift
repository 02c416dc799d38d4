import Foundation
import RedisTestSupport
import Synchronization
import Testing

/// The application `probe` in a process of its own, served by the built `egg`; ends with this object.
nonisolated final class ProbeServer: @unchecked Sendable {
  private let folder: URL
  private let process = Process()
  private let log = Pipe()
  private let text = Mutex("")
  private var port = 0

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// What the application has logged so far.
  var output: String { text.withLock { $0 } }

  /// - Parameter config: JSON laid over the application's configuration.
  /// - Throws: `Failure` with the log when the start fails.
  @concurrent static func start(_ config: String, plugins: String? = nil) async throws
    -> ProbeServer
  {
    let server = try ProbeServer(config, plugins)
    try server.awaitPort()
    return server
  }

  private init(_ config: String, _ plugins: String?) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-redis-probe-\(UUID().uuidString.prefix(8))")
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    try FileManager.default.copyItem(at: tests.appendingPathComponent("probe"), to: folder)
    let files = ["config/config.prod.json": config, "config/plugin.json": plugins]
    for case (let name, let text?) in files {
      try text.write(
        to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    try Self.compileCaller(tests.appendingPathComponent("caller"), into: folder)
    let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    process.executableURL = built.appendingPathComponent("egg")
    process.arguments = [
      "start", folder.path, "--port", "0", "--host", "127.0.0.1", "--env", "prod",
    ]
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EGG_") }
    process.standardOutput = log
    process.standardError = log
    try process.run()
    Self.running.withLock { $0[process.processIdentifier] = folder.path }
    log.fileHandleForReading.readabilityHandler = { [weak self] handle in
      let more = String(decoding: handle.availableData, as: UTF8.self)
      self?.text.withLock { $0 += more }
    }
  }

  /// Plugins of an application live in its folder `plugins`.
  private static func compileCaller(_ source: URL, into folder: URL) throws {
    let target = folder.appendingPathComponent("plugins/caller")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: source.appendingPathComponent("plugin.json"),
      to: target.appendingPathComponent("plugin.json"))
    let headers = source.appendingPathComponent("../../../../Sources/PluginABI/include").standardized
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = [
      "cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-I", headers.path,
      "-o", target.appendingPathComponent("libcaller.so").path,
      source.appendingPathComponent("caller.c").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else { throw Failure(description: "caller.c: cc failed") }
  }

  private static let running: Mutex<[Int32: String]> = {
    atexit {
      for (identifier, folder) in ProbeServer.running.withLock({ $0 }) {
        kill(identifier, SIGTERM)
        try? FileManager.default.removeItem(atPath: folder)
      }
    }
    return Mutex<[Int32: String]>([:])
  }()

  deinit {
    log.fileHandleForReading.readabilityHandler = nil
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
    Self.running.withLock { _ = $0.removeValue(forKey: process.processIdentifier) }
  }

  private func awaitPort() throws {
    for _ in 0..<6000 {
      if let range = output.range(of: "started on http://127.0.0.1:") {
        let digits = output[range.upperBound...].prefix(while: \.isNumber)
        port = Int(digits) ?? 0
        return
      }
      guard process.isRunning else { break }
      usleep(5000)
    }
    usleep(50_000)
    throw Failure(description: output)
  }

  func get(_ path: String) async throws -> String {
    try await RedisServer.run(["curl", "-s", "http://127.0.0.1:\(port)\(path)"])
  }

  /// Asks for something that fails; the client is told nothing, the log has `reason`.
  func logs(_ path: String, _ reason: String) async throws {
    #expect(try await get(path).contains("Internal Server Error"))
    for _ in 0..<400 {
      if output.contains(reason) { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("the log has no \"\(reason)\": \(output)")
  }
}
