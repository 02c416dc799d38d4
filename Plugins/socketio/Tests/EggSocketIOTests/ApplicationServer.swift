import Foundation
import Synchronization

/// An application in a process of its own, served by the built `egg`; ends with this object.
final class ApplicationServer {
  private let process = Process()
  private let log = Pipe()
  private(set) var port = 0
  /// What it had logged when it began to serve.
  private(set) var output = ""

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// - Parameters:
  ///   - folder: from the root of the repository.
  ///   - environment: the name of Egg's environment.
  ///   - options: more of `egg start`; one process unless it says otherwise.
  /// - Throws: `Failure` with the log when the start fails.
  init(_ folder: String, environment: String = "prod", options: [String] = ["--single"]) throws {
    process.executableURL = Self.built.appendingPathComponent("egg")
    process.arguments =
      [
        "start", Self.root.appendingPathComponent(folder).path, "--port", "0", "--host",
        "127.0.0.1",
        "--env", environment,
      ] + options
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EGG_") }
    process.standardOutput = log
    process.standardError = log
    try process.run()
    let identifier = process.processIdentifier
    Self.running.withLock { _ = $0.insert(identifier) }
    port = try awaitPort()
  }

  deinit {
    let identifier = process.processIdentifier
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    Self.running.withLock { _ = $0.remove(identifier) }
  }

  var isRunning: Bool { process.isRunning }

  /// Bytes of memory that the process holds.
  var residentBytes: Int {
    let path = "/proc/\(process.processIdentifier)/statm"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../..").standardized
  private static let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// Servers that live as long as the test program end with it.
  private static let running: Mutex<Set<Int32>> = {
    atexit {
      for identifier in ApplicationServer.running.withLock({ $0 }) { kill(identifier, SIGTERM) }
    }
    return Mutex<Set<Int32>>([])
  }()

  private func awaitPort() throws -> Int {
    let pattern = try NSRegularExpression(pattern: "started on https?://[^ :]*:([0-9]+)")
    while true {
      let data = log.fileHandleForReading.availableData
      output += String(decoding: data, as: UTF8.self)
      let range = NSRange(output.startIndex..., in: output)
      if let match = pattern.firstMatch(in: output, range: range),
        let digits = Range(match.range(at: 1), in: output), let port = Int(output[digits])
      {
        // Nobody reads the log any more; it must not fill up.
        log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        return port
      }
      if data.isEmpty { throw Failure(description: output) }
    }
  }
}

/// A script of `Tests/Clients`.
enum Script {
  /// - Returns: what it printed when it failed; nil when every check passed.
  static func failure(
    _ name: String, _ port: Int, packages: String? = nil, scheme: String = "http"
  ) throws -> String? {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", "-B",
      ApplicationServer.root.appendingPathComponent("Plugins/socketio/Tests/Clients/\(name)").path,
      String(port),
    ]
    var environment = ProcessInfo.processInfo.environment
    environment["SCHEME"] = scheme
    if let packages { environment["PYTHONPATH"] = try clientLibrary(packages) }
    process.environment = environment
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus == 0 ? nil : text
  }

  private static let packages = [
    "4": ["python-socketio==4.6.1", "python-engineio==3.14.2", "requests", "websocket-client"],
    "5": ["python-socketio>=5.11,<6", "requests", "websocket-client"],
    "websockets": ["websockets>=13,<15"],
  ]

  /// The folder with a release of the Python client, or with another library, which is installed at
  /// the first time.
  private static func clientLibrary(_ release: String) throws -> String {
    let folder = ApplicationServer.root.appendingPathComponent(".build/python-socketio-\(release)")
    let done = folder.appendingPathComponent("installed").path
    if FileManager.default.fileExists(atPath: done) { return folder.path }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["python3", "-m", "pip", "install", "--quiet", "--target", folder.path]
      + (packages[release] ?? [])
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ApplicationServer.Failure(
        description:
          "python3 -m pip install \(packages[release] ?? []) failed; python3 and pip are needed:"
          + " apt-get install python3 python3-pip\n\(text)")
    }
    _ = FileManager.default.createFile(atPath: done, contents: nil)
    return folder.path
  }
}
