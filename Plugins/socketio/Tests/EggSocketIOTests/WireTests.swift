import EggTestSupport
import Foundation
import Testing

/// The plugin as clients see it: applications in processes of their own, asked by scripts.
struct WireTests {
  static let fixture = Built.root.appendingPathComponent("Tests/Fixtures/socketio-conformance")
  static let probe = Built.root.appendingPathComponent("Plugins/socketio/Tests/probe")

  @Test
  func `every byte is as the protocols say, and hostile ones end nothing but their connection`()
    throws
  {
    let server = try RunningApplication(Self.fixture, env: "patient")
    let failure = try Script.failure("protocol.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `pings go and are missed in time, and who joins nothing is let go`() throws {
    let server = try RunningApplication(Self.fixture, env: "conformance")
    let failure = try Script.failure("timings.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test(arguments: ["5", "4"])
  func `a released client library of either protocol finds everything`(_ release: String) throws {
    let server = try RunningApplication(Self.fixture)
    let failure = try Script.failure("clients.py", server.port, packages: release)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `it finds everything over HTTPS too`() throws {
    let base = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-socketio-\(UUID().uuidString)").path
    defer {
      for end in ["key", "pem"] { try? FileManager.default.removeItem(atPath: "\(base).\(end)") }
    }
    let make = Process()
    make.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    make.arguments =
      "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost"
      .split(separator: " ").map(String.init) + ["-keyout", base + ".key", "-out", base + ".pem"]
    make.standardError = FileHandle.nullDevice
    try make.run()
    make.waitUntilExit()
    let server = try RunningApplication(
      Self.fixture,
      options: ["--single", "--https-key", base + ".key", "--https-cert", base + ".pem"])
    let failure = try Script.failure("clients.py", server.port, packages: "5", scheme: "https")
    #expect(failure == nil, "\(failure ?? "")")
    let other = try Script.failure("wss.py", server.port, packages: "websockets")
    #expect(other == nil, "\(other ?? "")")
    #expect(server.isRunning)
  }

  @Test func `messages are compressed as a released WebSocket library expects it`() throws {
    let server = try RunningApplication(Self.fixture, env: "deflate")
    let failure = try Script.failure("deflate.py", server.port, packages: "websockets")
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `a client whose connection was lost gets what it missed, and its library`() throws {
    let server = try RunningApplication(Self.fixture, env: "recovery")
    let failure = try Script.failure("recovery.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `who comes back is asked again where middlewares are not skipped`() throws {
    let server = try RunningApplication(Self.fixture, env: "asked")
    let failure = try Script.failure("recovery_asked.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `clients that poll find their process of two`() throws {
    let server = try RunningApplication(Self.fixture, options: ["--workers", "2", "--sticky"])
    let failure = try Script.failure("sticky.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `controllers, middlewares and the chat of Egg's introduction work as they do there`()
    throws
  {
    let server = try RunningApplication(Self.probe)
    #expect(server.log.contains("config.io.init.wsEngine has no effect"))
    let failure = try Script.failure("conventions.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `the rest of the library's server is there: ids, admission, counts, every event`()
    throws
  {
    let server = try RunningApplication(Self.probe, env: "api")
    let failure = try Script.failure("api.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `paths, transports and sizes are those of the configuration`() throws {
    let server = try RunningApplication(Self.probe, env: "narrow")
    let failure = try Script.failure("narrow.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.isRunning)
  }

  @Test func `hostile and slow clients do not make the server grow`() throws {
    let server = try RunningApplication(Self.fixture)
    #expect(try Script.failure("hostile.py", server.port) == nil)
    let before = server.residentBytes
    let failure = try Script.failure("hostile.py", server.port)
    #expect(failure == nil, "\(failure ?? "")")
    #expect(server.residentBytes - before < 24 << 20)
    #expect(server.isRunning)
  }
}
