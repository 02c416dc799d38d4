import Foundation
import Synchronization

/// The application `probe` in a process of its own, served by the built `egg`; ends with this object.
///
/// It runs in a copy of its folder, so that a test may change templates.
public final class ProbeServer {
  public let folder: URL
  private let process = Process()
  private let log = Pipe()
  private var port: UInt16 = 0
  public private(set) var output = ""

  /// - Parameters:
  ///   - config: JSON laid over the application's configuration.
  ///   - plugins: JSON in place of the application's `config/plugin.json`.
  /// - Throws: `Failure` with the log when the start fails.
  public init(_ config: String = "{}", plugins: String? = nil) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-view-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Self.tests.appendingPathComponent("probe"), to: folder)
    try write(config, to: "config/config.prod.json")
    if let plugins { try write(plugins, to: "config/plugin.json") }
    let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    process.executableURL = built.appendingPathComponent("egg")
    process.arguments = [
      "start", folder.path, "--port", "0", "--host", "127.0.0.1", "--env", "prod", "--single",
    ]
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EGG_") }
      .merging(["EGG_PLUGIN_PATH": try Self.engines.get().path]) { $1 }
    process.standardOutput = log
    process.standardError = log
    try process.run()
    Self.running.withLock { $0[process.processIdentifier] = folder.path }
    port = try awaitPort()
  }

  deinit {
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
    Self.running.withLock { _ = $0.removeValue(forKey: process.processIdentifier) }
  }

  /// Servers that live as long as the test program end with it.
  private static let running: Mutex<[Int32: String]> = {
    atexit {
      for (identifier, folder) in ProbeServer.running.withLock({ $0 }) {
        kill(identifier, SIGTERM)
        try? FileManager.default.removeItem(atPath: folder)
      }
    }
    return Mutex<[Int32: String]>([:])
  }()

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  public struct Answer {
    public let status: Int
    public let head: String
    public let text: String

    /// The members of a JSON object.
    public var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }
    public var message: String { json["message"] as? String ?? text }
  }

  public func write(_ text: String, to file: String) throws {
    try text.write(to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
  }

  // MARK: requests

  public func render(_ name: String, engine: String? = nil) throws -> Answer {
    let engine = engine.map { "&engine=\($0)" } ?? ""
    return try get("/render?name=\(Self.encoded(name))\(engine)")
  }

  /// Renders text with the application's locals.
  public func string(_ template: String, engine: String? = "nunjucks") throws -> Answer {
    let engine = engine.map { "&engine=\($0)" } ?? ""
    return try get("/string?text=\(Self.encoded(template))\(engine)")
  }

  public func get(_ target: String, _ headers: String = "") throws -> Answer {
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
      "GET \(target) HTTP/1.1\r\nHost: probe.test\r\n\(headers)Connection: close\r\n\r\n".utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw Failure(description: "send: errno \(errno)")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    return try answer(String(decoding: bytes, as: UTF8.self))
  }

  private func answer(_ text: String) throws -> Answer {
    guard let end = text.range(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else {
      throw Failure(description: "no answer: \(text)")
    }
    return Answer(
      status: status, head: String(text[..<end.lowerBound]), text: String(text[end.upperBound...]))
  }

  static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain = byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || byte == 0x2E)
      return isPlain ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
    }.joined()
  }

  // MARK: start

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

  /// The folder `Tests` of the plugin `view`.
  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let engineFolder = FileManager.default.temporaryDirectory
    .appendingPathComponent("egg-view-engines-\(ProcessInfo.processInfo.processIdentifier)")

  /// A folder with the plugins in C that the tests need, compiled.
  private static let engines = Result { () throws -> URL in
    atexit { try? FileManager.default.removeItem(at: ProbeServer.engineFolder) }
    try compile(tests.appendingPathComponent("upper-engine"), "upper")
    let nunjucks = tests.appendingPathComponent("../../view-nunjucks/Tests").standardized
    try compile(nunjucks.appendingPathComponent("additions"), "additions")
    return engineFolder
  }

  private static func compile(_ source: URL, _ name: String) throws {
    let target = engineFolder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try? FileManager.default.copyItem(
      at: source.appendingPathComponent("plugin.json"),
      to: target.appendingPathComponent("plugin.json"))
    let headers = tests.appendingPathComponent("../../../Sources/PluginABI/include").standardized
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = [
      "cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-I", headers.path,
      "-o", target.appendingPathComponent("lib\(name).so").path,
      source.appendingPathComponent("\(name).c").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else {
      throw Failure(description: "\(name).c: cc failed; apt-get install gcc")
    }
  }

  /// Runs `egg` with the application's folder as its last argument.
  ///
  /// - Returns: exit code and standard output.
  public static func egg(_ arguments: [String], in folder: URL) throws -> (
    code: Int32, output: String
  ) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("egg")
    process.arguments = arguments + [folder.path]
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EGG_") }
      .merging(["EGG_PLUGIN_PATH": try engines.get().path]) { $1 }
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}
