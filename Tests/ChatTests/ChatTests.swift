import Foundation
import RedisTestSupport
import Testing

/// `Examples/chat` in tabs of Chromium, driven by `Browser/chat.py`.
@Suite("The chat in a browser") struct ChatTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test func `people in two tabs talk to everybody, to each other, and come back after a crash`()
    async throws
  {
    try await Self.run([])
  }

  @Test func `with Redis they do so on two servers`() async throws {
    let redis = try await RedisServer.start()
    try await Self.run([String(redis.port)])
    #expect(try await redis.cli("EXISTS", "room:attic") == "1")
  }

  /// Fails with what the script printed.
  private static func run(_ words: [String]) async throws {
    let manager = FileManager.default
    let copy = manager.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-chat-\(UUID().uuidString.prefix(8))")
    defer { try? manager.removeItem(at: copy) }
    try manager.copyItem(at: root.appendingPathComponent("Examples/chat"), to: copy)
    // The one built with the tests, not one that somebody may have built in the example's own folder.
    try? manager.removeItem(at: copy.appendingPathComponent(".build"))
    try #"{ "name": "chat", "version": "1.0.0", "library": "libChatExample.so" }"#.write(
      to: copy.appendingPathComponent("egg.json"), atomically: true, encoding: .utf8)
    let egg = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("egg")
    let script = root.appendingPathComponent("Tests/ChatTests/Browser/chat.py")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-B", script.path, egg.path, copy.path] + words
    let log = copy.appendingPathComponent("output")
    try Data().write(to: log)
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = process.standardOutput
    process.standardInput = FileHandle.nullDevice
    // Other tests go on meanwhile: no thread waits for it.
    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { @Sendable _ in ended.resume() }
      do { try process.run() } catch {
        process.terminationHandler = nil
        ended.resume(throwing: error)
      }
    }
    let output = try String(contentsOf: log, encoding: .utf8)
    #expect(process.terminationStatus == 0, "\(output)")
  }
}
