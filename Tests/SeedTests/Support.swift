import Foundation
import Testing

/// What is built once for all tests: the fixture's units, the plugin in C, and the greeter.
enum Built {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().resolvingSymlinksInPath()
  static let seed = root.appendingPathComponent("Tests/Fixtures/seed")
  static let greeter = root.appendingPathComponent("Examples/plugins/greeter-swift")
  /// Beside the test program.
  static let command = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("egg")

  private static let outcome = Result { try build() }
  private static let greeterOutcome = Result {
    try run("/usr/bin/env", ["swift", "build", "--package-path", greeter.path])
  }

  static func check() throws { try outcome.get() }
  static func checkGreeter() throws { _ = try greeterOutcome.get() }

  private static func build() throws {
    let caller = seed.appendingPathComponent("plugins/caller-c").path
    try run(
      "/usr/bin/env",
      [
        "cc", "-shared", "-fPIC", "-fvisibility=hidden",
        "-I", root.appendingPathComponent("Sources/PluginABI/include").path, caller + "/caller.c",
        "-o", caller + "/libcaller-c.so",
      ])
    try run("/usr/bin/env", ["swift", "build", "--package-path", seed.path])
  }

  @discardableResult
  static func run(_ program: String, _ words: [String], mayFail: Bool = false) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = words
    process.environment = cleanEnvironment([:])
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus != 0, !mayFail { throw Failure("\(words): \(text)") }
    return text
  }

  /// Without what the machine that runs the tests may have set.
  static func cleanEnvironment(_ variables: [String: String]) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("EGG_") && $0.key != "PORT" && $0.key != "NODE_ENV"
    }
    environment.merge(variables) { $1 }
    return environment
  }
}

struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// An application of the fixture while `egg` serves it.
final class Serving: @unchecked Sendable {
  /// One for all tests that leave no traces.
  static let shared = Result {
    let serving = try Serving()
    sharedProcess = serving.process.processIdentifier
    // A static is never let go, and a child does not end with its parent.
    atexit { kill(Serving.sharedProcess, SIGTERM) }
    return serving
  }
  private nonisolated(unsafe) static var sharedProcess: Int32 = 0

  private let process = Process()
  private let output = Pipe()
  private let condition = NSCondition()
  private var seen = ""
  private var hasEnded = false
  private(set) var port: UInt16 = 0

  /// - Parameters:
  ///   - folder: below the fixture.
  ///   - waits: for the line that says the port; false for a start that is meant to fail.
  init(
    _ folder: String = "", env: String = "unittest", variables: [String: String] = [:],
    waits: Bool = true
  ) throws {
    try Built.check()
    process.executableURL = Built.command
    process.arguments = [
      "dev", Built.seed.appendingPathComponent(folder).path, "--no-build", "--port", "0",
      "--env", env,
    ]
    process.environment = Built.cleanEnvironment(variables)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    output.fileHandleForReading.readabilityHandler = { [weak self] handle in
      self?.take(handle.availableData)
    }
    try process.run()
    guard waits else { return }
    let line = try wait(for: " started on http")
    let address = line.components(separatedBy: " started on ").last ?? ""
    let digits = address.components(separatedBy: " ").first?.components(separatedBy: ":").last
    port = try #require(digits.flatMap { UInt16($0) }, "no port in \(address)")
  }

  deinit {
    output.fileHandleForReading.readabilityHandler = nil
    if process.isRunning { process.terminate() }
  }

  private func take(_ data: Data) {
    condition.withLock {
      if data.isEmpty {
        hasEnded = true
        output.fileHandleForReading.readabilityHandler = nil
      }
      seen += String(decoding: data, as: UTF8.self)
      condition.broadcast()
    }
  }

  /// The log until the line that has `text`, which is whole.
  @discardableResult
  func wait(for text: String) throws -> String {
    let deadline = Date(timeIntervalSinceNow: 30)
    return try condition.withLock {
      while true {
        if let found = seen.range(of: text),
          let end = seen[found.upperBound...].firstIndex(of: "\n")
        {
          return String(seen[..<end])
        }
        if hasEnded || !condition.wait(until: deadline) {
          throw Failure("the log has no \"\(text)\":\n\(seen)")
        }
      }
    }
  }

  /// Ends the server as an operator does.
  ///
  /// - Returns: the exit code and the whole log.
  func end() -> (status: Int32, log: String) {
    process.terminate()
    return finish()
  }

  func finish() -> (status: Int32, log: String) {
    process.waitUntilExit()
    let deadline = Date(timeIntervalSinceNow: 10)
    return condition.withLock {
      while !hasEnded, condition.wait(until: deadline) {}
      return (process.terminationStatus, seen)
    }
  }

  /// What `app.cache` holds.
  func cached(_ id: String) throws -> String { try get("/user/fetch?id=\(id)").body }

  /// Asks until the answer fits: for what happens behind an answer.
  func cached(_ id: String, until fits: (String) -> Bool) throws -> String {
    let deadline = Date(timeIntervalSinceNow: 20)
    while true {
      let value = try cached(id)
      if fits(value) { return value }
      if Date() > deadline { throw Failure("\(id) stayed \(value)") }
    }
  }
}

/// The texts behind a word in the log, in order.
func steps(_ log: String, _ word: String) -> [String] {
  log.split(separator: "\n").compactMap { line in
    line.range(of: " \(word)").map { String(line[$0.upperBound...]) }
  }
}

/// A folder that goes when the test ends.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-seed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to path: String) throws {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: true, encoding: .utf8)
  }
}
