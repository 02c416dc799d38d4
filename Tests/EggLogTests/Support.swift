import Foundation
import Testing

struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// The application `LogsProbe` in a process of its own, in a copy of its folder; ends with this object.
final class LogServer {
  let folder: URL
  private let process = Process()
  private let console = Console()
  private var port: UInt16 = 0

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().resolvingSymlinksInPath()

  /// - Parameters:
  ///   - config: JSON laid over the application's configuration.
  ///   - workers: nil: one process for all.
  ///   - plugins: JSON in place of the application's `config/plugin.json`.
  init(
    _ config: String = "{}", env: String = "prod", plugins: String = "{}",
    workers: Int? = nil, variables: [String: String] = [:]
  ) throws {
    folder = try Self.copy(plugins: plugins)
    try config.write(
      to: folder.appendingPathComponent("config/config.\(env).json"), atomically: true,
      encoding: .utf8)
    process.executableURL = Self.command
    process.arguments =
      [
        "start", folder.path, "--port", "0", "--host", "127.0.0.1", "--env", env,
      ] + (workers.map { ["--workers", String($0)] } ?? ["--single"])
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EGG_") }
      .merging(variables) { $1 }
      .merging(["SWIFT_BACKTRACE": "enable=no", "TZ": "Asia/Shanghai"]) { $1 }
    process.standardOutput = console.pipe
    process.standardError = console.pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    port = try awaitPort()
  }

  /// The built `egg`, beside the test program.
  static let command = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("egg")

  /// A copy of the probe's folder, which may be written.
  static func copy(plugins: String) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-log-\(UUID().uuidString)")
    try FileManager.default.copyItem(
      at: root.appendingPathComponent("Tests/Probes/LogsProbe"), to: folder)
    try plugins.write(
      to: folder.appendingPathComponent("config/plugin.json"), atomically: true, encoding: .utf8)
    return folder
  }

  /// What a command prints on standard output.
  static func egg(_ words: [String]) throws -> String {
    let process = Process()
    process.executableURL = command
    process.arguments = words
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  deinit {
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  var identifier: Int32 { process.processIdentifier }

  private func awaitPort() throws -> UInt16 {
    var port: UInt16?
    let deadline = Date(timeIntervalSinceNow: 60)
    while port == nil {
      let seen = console.text
      port = seen.firstMatch(of: /started on http:\/\/[^ :]*:([0-9]+)/).flatMap { UInt16($0.1) }
      if port == nil, !process.isRunning || Date() > deadline {
        if !process.isRunning { console.waitForEnd() }
        throw Failure("the server did not start:\n\(console.text)")
      }
      usleep(5000)
    }
    return port!
  }

  /// The body of an answer; "" when the server ends instead.
  @discardableResult
  func get(_ target: String, _ headers: [String] = []) throws -> String {
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
    guard connected == 0 else { throw Failure("connect: errno \(errno)") }
    let lines = ["GET \(target) HTTP/1.1", "Host: probe.test", "Connection: close"] + headers
    let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw Failure("send: errno \(errno)")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
  }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Ends the server, by a signal unless it is about to end by itself.
  ///
  /// - Returns: what the console had, all of it.
  @discardableResult
  func end(by number: Int32? = SIGTERM) -> String {
    if let number { signal(number) }
    process.waitUntilExit()
    console.waitForEnd()
    return console.text
  }

  /// What a file of the log has; "" when it is not there.
  func file(_ name: String) -> String {
    let path = name.hasPrefix("/") ? name : folder.appendingPathComponent("logs/\(name)").path
    return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }

  /// Asks until it is so: for what happens behind an answer.
  func wait(_ what: String, until: () throws -> Bool) throws {
    let deadline = Date(timeIntervalSinceNow: 60)
    while try !until() {
      guard Date() < deadline else { throw Failure("not within 60 s: \(what)") }
      usleep(10_000)
    }
  }
}

/// What a process prints, read all the time, so that its pipe never fills up.
final class Console: @unchecked Sendable {
  let pipe = Pipe()
  private let condition = NSCondition()
  private var bytes = Data()
  private var hasEnded = false

  init() {
    pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
      self?.take(handle.availableData)
    }
  }

  deinit { pipe.fileHandleForReading.readabilityHandler = nil }

  private func take(_ data: Data) {
    condition.withLock {
      if data.isEmpty {
        hasEnded = true
        pipe.fileHandleForReading.readabilityHandler = nil
      }
      bytes += data
      condition.broadcast()
    }
  }

  var text: String { condition.withLock { String(decoding: bytes, as: UTF8.self) } }

  func waitForEnd() {
    let deadline = Date(timeIntervalSinceNow: 10)
    condition.withLock { while !hasEnded, condition.wait(until: deadline) {} }
  }
}

extension String {
  /// The lines that have a text.
  func lines(with text: String) -> [String] {
    split(separator: "\n").filter { $0.contains(text) }.map(String.init)
  }
}
