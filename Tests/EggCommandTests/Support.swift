import Foundation
import Testing

/// The built `egg`, run as a process.
enum Egg {
  struct Result {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as JSON.
    func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(output.utf8)) }
  }

  /// Beside the test program.
  static let command = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("egg")

  @discardableResult
  static func run(
    _ words: String..., in folder: URL? = nil, variables: [String: String] = [:]
  ) throws -> Result {
    try run(command, words, in: folder, variables: variables)
  }

  static func run(
    _ program: URL, _ words: [String], in folder: URL? = nil, variables: [String: String] = [:]
  ) throws -> Result {
    let process = Process()
    process.executableURL = program
    process.arguments = words
    process.environment = environment(variables)
    if let folder { process.currentDirectoryURL = folder }
    // Files, because two pipes that are read one after the other can both fill up.
    let scratch = try Scratch()
    let output = try scratch.newFile("out")
    let errors = try scratch.newFile("err")
    process.standardOutput = output.handle
    process.standardError = errors.handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let status =
      process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
    return Result(
      status: status, output: try String(contentsOf: output.url, encoding: .utf8),
      errors: try String(contentsOf: errors.url, encoding: .utf8))
  }

  /// Without what the machine that runs the tests may have set.
  static func environment(_ variables: [String: String]) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("EGG_") && $0.key != "PORT" && $0.key != "NODE_ENV"
    }
    environment.merge(variables) { $1 }
    return environment
  }
}

/// A folder that goes when the test ends.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func newFile(_ name: String) throws -> (url: URL, handle: FileHandle) {
    let file = url.appendingPathComponent(name)
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    return (file, try FileHandle(forWritingTo: file))
  }

  /// A copy of a fixture application, which may then write into its folder.
  func application(_ name: String) throws -> URL {
    let copy = url.appendingPathComponent(name)
    try FileManager.default.copyItem(at: Fixtures.apps.appendingPathComponent(name), to: copy)
    return copy
  }

  func write(_ text: String, to path: String) throws {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: true, encoding: .utf8)
  }
}

enum Fixtures {
  static let apps = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/apps").resolvingSymlinksInPath()
}

/// `egg dev` or `egg start` while it runs.
final class RunningEgg {
  private let process = Process()
  private let output = Pipe()
  private var seen = ""
  let errors = Pipe()

  init(_ words: [String], variables: [String: String] = [:]) throws {
    process.executableURL = Egg.command
    process.arguments = words
    process.environment = Egg.environment(variables)
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit { if process.isRunning { process.terminate() } }

  /// Reads the log until a line contains `text`, and returns all lines so far.
  @discardableResult
  func wait(for text: String) throws -> String {
    while !seen.contains(text) {
      let piece = output.fileHandleForReading.availableData
      try #require(!piece.isEmpty, "the log ended without \"\(text)\": \(seen)")
      seen += String(decoding: piece, as: UTF8.self)
    }
    return seen
  }

  /// The port of the line `… started on http://127.0.0.1:PORT`.
  func port() throws -> Int {
    try wait(for: "started on http")
    while !(seen.components(separatedBy: "started on ").last ?? "").contains("(") {
      seen += String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    }
    let address = seen.components(separatedBy: "started on ").last ?? ""
    let digits = address.components(separatedBy: " ").first?.components(separatedBy: ":").last
    return try #require(digits.flatMap(Int.init), "no port in \(address)")
  }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// - Returns: the exit code, or 128 and the signal.
  func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
  }

  func rest() -> String {
    seen += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return seen
  }
}

extension Scratch {
  /// Makes a certificate.
  ///
  /// - Returns: the options that serve HTTPS with it.
  func certificate() throws -> [String] {
    let base = url.appendingPathComponent("certificate").path
    let words =
      "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=localhost"
      + " -addext subjectAltName=DNS:localhost -keyout \(base).key -out \(base).pem"
    let result = try Egg.run(
      URL(fileURLWithPath: "/usr/bin/env"), words.split(separator: " ").map(String.init))
    try #require(result.status == 0, "openssl ended with \(result.status): \(result.output)")
    return ["--https-key", base + ".key", "--https-cert", base + ".pem"]
  }
}

/// One request with curl, head and body.
func fetch(_ words: String...) throws -> String {
  let result = try Egg.run(
    URL(fileURLWithPath: "/usr/bin/env"), ["curl", "-si", "--max-time", "20"] + words)
  try #require(result.status == 0, "curl ended with \(result.status): install curl?")
  return result.output
}
