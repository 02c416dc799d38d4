import Foundation
import Testing

enum Example {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let framework = root.appendingPathComponent("Examples/framework-yadan").path
  static let application = framework + "/example"
}

/// The built `egg`, beside the test program.
enum Command {
  struct Result: CustomStringConvertible {
    let output: String
    let description: String

    func list() throws -> [[String: Any]] {
      try #require(
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]], "\(self)")
    }
  }

  static func process(_ words: [String], _ variables: [String: String] = [:]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("egg")
    process.arguments = words
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.hasPrefix("EGG_") && $0.key != "NODE_ENV" }
      .merging(variables) { $1 }
    process.standardInput = FileHandle.nullDevice
    return process
  }

  static func egg(_ words: String..., variables: [String: String] = [:]) throws -> Result {
    let process = process(words, variables)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Result(
      output: text, description: "\(words) ended with \(process.terminationStatus): \(text)")
  }
}

/// An application folder that goes when the test ends.
final class Scratch {
  private let url: URL
  var path: String { url.path }

  init(_ description: String) throws {
    url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-framework-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try Data(description.utf8).write(to: url.appendingPathComponent("egg.json"))
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// `egg dev --no-build`, or `egg start --single`, on a port that the system chooses.
final class RunningApplication {
  private let process: Process
  private var address = ""

  init(
    _ words: [String], command: String = "dev", options: [String] = ["--no-build"],
    variables: [String: String] = [:]
  ) throws {
    process = Command.process(
      [command] + words + options + ["--port", "0", "--host", "127.0.0.1"], variables)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    var seen = ""
    while !seen.contains("started on http") || !seen.hasSuffix("\n") {
      let piece = output.fileHandleForReading.availableData
      try #require(!piece.isEmpty, "the log ended: \(seen)")
      seen += String(decoding: piece, as: UTF8.self)
    }
    let rest = seen.components(separatedBy: "started on ").last ?? ""
    address = String(rest.prefix { $0 != " " })
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }

  func get(_ path: String) throws -> String {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    curl.arguments = ["curl", "-si", "--max-time", "20", address + path]
    let output = Pipe()
    curl.standardOutput = output
    try curl.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    curl.waitUntilExit()
    try #require(
      curl.terminationStatus == 0, "curl ended with \(curl.terminationStatus): install curl?")
    return text
  }
}
