import Foundation
import Synchronization

/// The application `probe` in a process of its own, in a folder of its own; both end with this
/// object.
final class ProbeServer {
  let folder: URL
  private let process = Process()
  private let log = Pipe()
  private var port: UInt16 = 0
  private(set) var output = ""

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// - Parameter config: the `sqlite` part of the configuration.
  /// - Throws: `Failure` with the log when the start fails.
  init(_ config: String) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-sqlite-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Self.tests.appendingPathComponent("probe"), to: folder)
    try "{\n  \"sqlite\": \(config)\n}\n".write(
      to: folder.appendingPathComponent("config/config.prod.json"), atomically: true,
      encoding: .utf8)
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
    port = try awaitPort()
  }

  deinit { stop() }

  func stop() {
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
    Self.running.withLock { _ = $0.removeValue(forKey: process.processIdentifier) }
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

  /// The body of the answer; with `leavesAfter` the connection is closed that soon instead.
  func get(_ target: String, leavesAfter seconds: Double? = nil) throws -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failure(description: "connect: errno \(errno)\n\(output)") }
    let request = Array(
      "GET \(target) HTTP/1.1\r\nHost: probe.test\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        .utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw Failure(description: "send: errno \(errno)")
    }
    if let seconds {
      usleep(UInt32(seconds * 1e6))
      // With a reset: an end alone may come from a client that still wants to read.
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
      return ""
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else {
      throw Failure(description: "no answer: \(text)")
    }
    return String(text[end.upperBound...])
  }

  private func awaitPort() throws -> UInt16 {
    let pattern = try NSRegularExpression(pattern: "started on http://[^ :]*:([0-9]+)")
    while true {
      let data = log.fileHandleForReading.availableData
      output += String(decoding: data, as: UTF8.self)
      let range = NSRange(output.startIndex..., in: output)
      if let match = pattern.firstMatch(in: output, range: range),
        let digits = Range(match.range(at: 1), in: output), let port = UInt16(output[digits])
      {
        // Nobody reads the log any more; it must not fill up.
        log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        return port
      }
      if data.isEmpty { throw Failure(description: output) }
    }
  }

  /// The folder `Tests` of the plugin `sqlite`.
  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
}
