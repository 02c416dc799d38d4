import Foundation
import RedisTestSupport
import Testing

/// The application `probe` with the plugin `caller`, compiled from C.
nonisolated enum ProbeServer {
  static func start(_ config: String, plugins: String? = nil) async throws -> EggServer {
    try await EggServer.start(
      tests.appendingPathComponent("probe"), config: config, plugins: plugins,
      pluginPath: try await caller.value)
  }

  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The folder with the plugin.
  private static let caller = Task { () -> URL in
    let source = tests.appendingPathComponent("caller")
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-redis-caller-\(ProcessInfo.processInfo.processIdentifier)")
    let target = folder.appendingPathComponent("caller")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: source.appendingPathComponent("plugin.json"),
      to: target.appendingPathComponent("plugin.json"))
    let headers = tests.appendingPathComponent("../../../Sources/PluginABI/include").standardized
    try await RedisServer.run([
      "cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-I", headers.path,
      "-o", target.appendingPathComponent("libcaller.so").path,
      source.appendingPathComponent("caller.c").path,
    ])
    return folder
  }
}

extension EggServer {
  /// Asks for something that fails; the client is told nothing, the log has `reason`.
  func logs(_ path: String, _ reason: String) async throws {
    #expect(try await get(path).contains("Internal Server Error"))
    for _ in 0..<12_000 {
      if output.contains(reason) { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("the log has no \"\(reason)\": \(output)")
  }
}
