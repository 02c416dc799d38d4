import Foundation
import Synchronization

/// An application in a process of its own, served by the built `egg`; ends with this object.
nonisolated public final class EggServer: @unchecked Sendable {
  private let folder: URL
  private let process = Process()
  private let log = Pipe()
  private let text = Mutex("")
  public private(set) var port = 0

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// What the application has logged so far.
  public var output: String { text.withLock { $0 } }

  /// - Parameters:
  ///   - application: its folder; it runs in a copy.
  ///   - config: JSON laid over the application's configuration.
  ///   - plugins: JSON in place of the application's `config/plugin.json`.
  ///   - pluginPath: where else plugins are looked for.
  /// - Throws: `Failure` with the log when the start fails.
  @concurrent public static func start(
    _ application: URL, config: String, plugins: String? = nil, pluginPath: URL? = nil
  ) async throws -> EggServer {
    let server = try EggServer(application, config, plugins, pluginPath)
    try server.awaitPort()
    return server
  }

  private init(_ application: URL, _ config: String, _ plugins: String?, _ pluginPath: URL?) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-redis-app-\(UUID().uuidString.prefix(8))")
    try FileManager.default.copyItem(at: application, to: folder)
    let files = ["config/config.prod.json": config, "config/plugin.json": plugins]
    for case (let name, let text?) in files {
      try text.write(
        to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    process.executableURL = built.appendingPathComponent("egg")
    process.arguments = [
      "start", folder.path, "--port", "0", "--host", "127.0.0.1", "--env", "prod", "--single",
    ]
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EGG_") }
      .merging(pluginPath.map { ["EGG_PLUGIN_PATH": $0.path] } ?? [:]) { $1 }
    process.standardOutput = log
    process.standardError = log
    try process.run()
    Self.running.withLock { $0[process.processIdentifier] = folder.path }
    log.fileHandleForReading.readabilityHandler = { [weak self] handle in
      let more = String(decoding: handle.availableData, as: UTF8.self)
      self?.text.withLock { $0 += more }
    }
  }

  private static let running: Mutex<[Int32: String]> = {
    atexit {
      for (identifier, folder) in EggServer.running.withLock({ $0 }) {
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
    for _ in 0..<24_000 {
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

  public func get(_ path: String) async throws -> String {
    try await RedisServer.run(["curl", "-s", "http://127.0.0.1:\(port)\(path)"])
  }
}
