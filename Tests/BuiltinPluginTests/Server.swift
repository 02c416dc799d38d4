import Foundation

struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// The application `Tests/Fixtures/builtins` in a process of its own; it ends with this object.
final class Server: @unchecked Sendable {
  let folder: URL
  private let process = Process()
  private let logFile: URL
  private(set) var port: UInt16 = 0

  /// - Parameters:
  ///   - config: JSON laid over the application's configuration.
  ///   - plugins: names of the plugins that are on.
  ///   - env: also names the file that `config` becomes.
  ///   - prepare: may change the folder, which is a copy, before the start.
  /// - Throws: `Failure` with the log when the start fails.
  init(
    _ config: String = "{}", plugins: [String], env: String = "unittest",
    prepare: (URL) throws -> Void = { _ in }
  ) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-builtins-\(UUID().uuidString)")
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/builtins")
    try FileManager.default.copyItem(at: fixture, to: folder)
    try Data(config.utf8).write(to: folder.appendingPathComponent("config/config.\(env).json"))
    let table = plugins.map { "\"\($0)\": { \"package\": \"egg-\(Self.package($0))\" }" }
    try Data("{ \(table.joined(separator: ", ")) }".utf8)
      .write(to: folder.appendingPathComponent("config/plugin.json"))
    try prepare(folder)
    // A file and no pipe: children that start at the same time would hold its other end open.
    logFile = folder.appendingPathExtension("log")
    _ = FileManager.default.createFile(atPath: logFile.path, contents: nil)
    let output = try FileHandle(forWritingTo: logFile)
    defer { try? output.close() }
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("egg")
    process.arguments = [
      "start", folder.path, "--port", "0", "--host", "127.0.0.1", "--env", env, "--single",
    ]
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("EGG_") }
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    Children.add(process.processIdentifier, folder.path)
    let line = try wait(for: " started on http://127.0.0.1:")
    let digits = line.components(separatedBy: "http://127.0.0.1:").last?.prefix { $0.isNumber }
    guard let digits, let port = UInt16(digits) else { throw Failure("no port in \(line)") }
    self.port = port
  }

  deinit {
    process.terminate()
    while process.isRunning { usleep(2000) }
    for file in [folder, logFile] { try? FileManager.default.removeItem(at: file) }
    Children.remove(process.processIdentifier)
  }

  private static func package(_ name: String) -> String {
    name == "nunjucks" ? "view-nunjucks" : name
  }

  var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

  /// The line of the log that has `text`.
  @discardableResult
  func wait(for text: String) throws -> String {
    let deadline = Date(timeIntervalSinceNow: 60)
    while true {
      // Asked first: what it wrote before it ended is in the log then.
      let isRunning = process.isRunning
      let seen = log
      if let line = seen.split(separator: "\n").first(where: { $0.contains(text) }) {
        return String(line)
      }
      guard isRunning, Date() < deadline else {
        throw Failure("the log has no \"\(text)\":\n\(seen)")
      }
      usleep(5000)
    }
  }

  // MARK: requests

  /// One request on a connection of its own.
  ///
  /// - Parameters:
  ///   - json: becomes the body, with its type.
  ///   - form: the same, as an HTML form sends it.
  func send(
    _ method: String, _ target: String, headers: [String: String] = [:], json: String? = nil,
    form: String? = nil
  ) throws -> Answer {
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
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    guard connected == 0 else { throw Failure("connect: errno \(errno)\n\(log)") }
    var fields = ["Host": "probe.test", "Connection": "close"].merging(headers) { $1 }
    let body = json ?? form ?? ""
    if json != nil { fields["Content-Type"] = "application/json" }
    if form != nil { fields["Content-Type"] = "application/x-www-form-urlencoded" }
    if !body.isEmpty || method == "POST" { fields["Content-Length"] = "\(body.utf8.count)" }
    let head = fields.map { "\($0.key): \($0.value)\r\n" }.sorted().joined()
    let bytes = Array("\(method) \(target) HTTP/1.1\r\n\(head)\r\n\(body)".utf8)
    guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw Failure("send: errno \(errno)")
    }
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = recv(descriptor, &chunk, chunk.count, 0), count > 0 {
      answer += chunk[..<count]
    }
    return try Answer(String(decoding: answer, as: UTF8.self))
  }

  func get(_ target: String, _ headers: [String: String] = [:]) throws -> Answer {
    try send("GET", target, headers: headers)
  }
}

/// What the server said.
struct Answer {
  let status: Int
  let fields: [(name: String, value: String)]
  let body: String

  init(_ text: String) throws {
    guard let end = text.range(of: "\r\n\r\n") else { throw Failure("no answer: \(text)") }
    var lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
    fields = lines.map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
    body = String(text[end.upperBound...])
  }

  subscript(name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }

  /// The whole `Set-Cookie` of a cookie.
  func cookie(_ name: String) -> String? {
    fields.first { $0.name == "set-cookie" && $0.value.hasPrefix(name + "=") }?.value
  }

  /// `NAME=VALUE` of every cookie that was set.
  var cookies: String {
    fields.filter { $0.name == "set-cookie" }.map { String($0.value.prefix { $0 != ";" }) }
      .joined(separator: "; ")
  }

  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
  }
}

/// Servers that a test keeps for the others end with the test program.
private enum Children {
  private nonisolated(unsafe) static var running: [Int32: String] = [:]
  private static let lock = NSLock()
  private static let atEnd: Void = {
    atexit {
      for (identifier, folder) in Children.running {
        kill(identifier, SIGTERM)
        for file in [folder, folder + ".log"] { try? FileManager.default.removeItem(atPath: file) }
      }
    }
  }()

  static func add(_ identifier: Int32, _ folder: String) {
    _ = atEnd
    lock.withLock { running[identifier] = folder }
  }

  static func remove(_ identifier: Int32) {
    lock.withLock { _ = running.removeValue(forKey: identifier) }
  }
}
