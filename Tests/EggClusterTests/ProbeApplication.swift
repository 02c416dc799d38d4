import Foundation
import Synchronization
import Testing

/// The application `probe` while `egg` serves it from a copy of its folder.
final class ProbeApplication: @unchecked Sendable {
  let folder: URL
  private let process = Process()
  private let output = Pipe()
  private let condition = NSCondition()
  private var seen = ""
  private var hasEnded = false
  private(set) var port: UInt16 = 0

  /// Beside the test program.
  static let command = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("egg")
  private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("probe")

  /// - Parameters:
  ///   - words: after `egg start DIR --port 0`.
  ///   - config: JSON laid over the application's.
  ///   - plugins: JSON for `config/plugin.json`.
  ///   - launcher: a program and its words in front of `egg`.
  ///   - saysPort: false where the configuration says the addresses.
  ///   - waits: for the line that says the port.
  init(
    _ words: [String] = [], config: String = "{}", plugins: String? = nil, env: String = "prod",
    variables: [String: String] = [:], launcher: [String] = [], saysPort: Bool = true,
    waits: Bool = true
  ) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-cluster-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Self.source, to: folder)
    try config.write(
      to: folder.appendingPathComponent("config/config.\(env).json"), atomically: true,
      encoding: .utf8)
    try plugins?.write(
      to: folder.appendingPathComponent("config/plugin.json"), atomically: true, encoding: .utf8)
    process.executableURL = launcher.first.map { URL(fileURLWithPath: $0) } ?? Self.command
    var all = launcher.isEmpty ? [] : launcher.dropFirst() + [Self.command.path]
    all += ["start", folder.path, "--env", env]
    if saysPort, !words.contains("--socket") { all += ["--port", "0", "--host", "127.0.0.1"] }
    process.arguments = all + words
    process.environment = Self.environment(folder, variables)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    // What another test starts in this moment would keep the log open.
    for end in [output.fileHandleForReading, output.fileHandleForWriting] {
      _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
    }
    output.fileHandleForReading.readabilityHandler = { [weak self] handle in
      self?.take(handle.availableData)
    }
    try process.run()
    let identifier = process.processIdentifier
    Self.running.withLock { _ = $0.insert(identifier) }
    guard waits else { return }
    let line = try wait(for: " started on ")
    if let match = line.range(of: #"https?://[^ ]*:[0-9]+"#, options: .regularExpression),
      let digits = line[match].split(separator: ":").last
    {
      port = UInt16(digits) ?? 0
    }
  }

  deinit {
    output.fileHandleForReading.readabilityHandler = nil
    let identifier = process.processIdentifier
    if process.isRunning {
      kill(identifier, SIGTERM)
      let deadline = Date(timeIntervalSinceNow: 30)
      while process.isRunning, Date() < deadline { usleep(5000) }
      if process.isRunning { kill(identifier, SIGKILL) }
      process.waitUntilExit()
    }
    Self.running.withLock { _ = $0.remove(identifier) }
    try? FileManager.default.removeItem(at: folder)
  }

  private static let running: Mutex<Set<Int32>> = {
    atexit {
      for identifier in ProbeApplication.running.withLock({ $0 }) { kill(identifier, SIGTERM) }
    }
    return Mutex([])
  }()

  static func environment(_ folder: URL, _ variables: [String: String]) -> [String: String] {
    ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("EGG_") && $0.key != "PORT" && $0.key != "NODE_ENV"
    }.merging(["HOME": folder.path]) { $1 }.merging(variables) { $1 }
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

  // MARK: the process

  var master: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var log: String { condition.withLock { seen } }

  /// The line of the log that has `text`, for the `count`th time.
  @discardableResult
  func wait(for text: String, count: Int = 1, seconds: Double = 60) throws -> String {
    let deadline = Date(timeIntervalSinceNow: seconds)
    return try condition.withLock {
      while true {
        var rest = seen[...]
        var found = 0
        while let place = rest.range(of: text) {
          found += 1
          if found == count, let end = seen[place.upperBound...].firstIndex(of: "\n") {
            let start = seen[..<place.lowerBound].lastIndex(of: "\n") ?? seen.startIndex
            return seen[start..<end].trimmingCharacters(in: .newlines)
          }
          rest = rest[place.upperBound...]
        }
        if hasEnded || !condition.wait(until: deadline) {
          throw Failure("the log does not have \"\(text)\" \(count) times:\n\(seen)")
        }
      }
    }
  }

  /// - Returns: the exit code, 128 and the signal where one ended it, and the whole log.
  @discardableResult
  func end(_ signal: Int32 = SIGTERM) -> (status: Int32, log: String) {
    kill(process.processIdentifier, signal)
    return finish()
  }

  func finish() -> (status: Int32, log: String) {
    process.waitUntilExit()
    let deadline = Date(timeIntervalSinceNow: 10)
    let text = condition.withLock {
      while !hasEnded, condition.wait(until: deadline) {}
      return seen
    }
    let status =
      process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
    return (status, text)
  }

  /// Runs `egg WORD FOLDER …` and waits for its end.
  func command(_ words: String...) throws -> (status: Int32, output: String) {
    try Self.egg([words[0], folder.path] + words.dropFirst(), in: folder)
  }

  /// Runs `egg WORD …` and waits for its end.
  static func egg(_ words: [String], in folder: URL) throws -> (status: Int32, output: String) {
    let other = Process()
    other.executableURL = Self.command
    other.arguments = words
    other.environment = Self.environment(folder, [:])
    let pipe = Pipe()
    other.standardOutput = pipe
    other.standardError = pipe
    other.standardInput = FileHandle.nullDevice
    try other.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    other.waitUntilExit()
    return (other.terminationStatus, text)
  }

  // MARK: its answers

  func get(_ target: String, _ headers: String = "") throws -> Client.Answer {
    try Client(port: port).get(target, headers + "Connection: close\r\n")
  }

  /// The processes that `egg status` lists.
  func processes() throws -> [[String: Any]] {
    let result = try command("status", "--json")
    guard result.status == 0,
      let value = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        as? [String: Any]
    else { throw Failure(result.output) }
    return value["processes"] as? [[String: Any]] ?? []
  }

  /// The ids of those that serve, in the order of their numbers.
  func workers() throws -> [Int32] {
    try processes().filter {
      $0["role"] as? String == "worker" && $0["state"] as? String == "ready"
    }
    .compactMap { $0["pid"] as? Int }.map(Int32.init)
  }

  func agent() throws -> Int32? {
    try processes().first { $0["role"] as? String == "agent" && $0["state"] as? String == "ready" }
      .flatMap { $0["pid"] as? Int }.map(Int32.init)
  }

  /// A kept connection that a certain worker serves.
  func client(of worker: Int32) throws -> Client {
    // Kept open as well, so that the next one goes elsewhere.
    var others: [Client] = []
    return try until("a connection of worker \(worker)") {
      let client = try Client(port: port)
      if try client.get("/pid").body == "\(worker)" { return client }
      others.append(client)
      return nil
    }
  }

  func until<T>(
    _ what: String, seconds: Double = 60, _ body: () throws -> T?
  ) throws -> T {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while true {
      if let value = try body() { return value }
      if Date() > deadline { throw Failure("\(what) did not happen:\n\(log)") }
      usleep(10_000)
    }
  }

  /// What the process that answers has received, as `ACTION DATA`.
  func inbox() throws -> [(action: String, data: Any)] {
    let messages = try get("/inbox").json["messages"] as? [[String: Any]] ?? []
    return messages.map { ($0["action"] as? String ?? "", $0["data"] ?? NSNull()) }
  }
}

/// It has ended, and only its parent has not noticed yet.
func isZombie(_ pid: Int32) -> Bool {
  let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
  return text.isEmpty || text.contains(") Z ")
}
