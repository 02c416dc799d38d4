import Foundation
import Synchronization

/// A redis-server of the test's own, on a port and in a folder of its own; ends with this object.
nonisolated public final class RedisServer: @unchecked Sendable {
  public let port: Int
  public let folder: URL
  public var socket: String { folder.appendingPathComponent("redis.sock").path }
  private let arguments: [String]
  private var process: Process?

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
  }

  /// Starts one, off the main actor: clients under test must not be kept waiting.
  ///
  /// - Parameters:
  ///   - arguments: of redis-server, besides port, folder and Unix socket.
  ///   - port: 0 finds one.
  ///   - plain: false: nothing listens without TLS.
  /// - Throws: `Failure` saying what to install, or with the server's log.
  @concurrent public static func start(
    _ arguments: [String] = [], port: Int = 0, sentinel: Bool = false, plain: Bool = true
  ) async throws -> RedisServer {
    let server = try RedisServer(arguments, port, sentinel, plain)
    try server.launch()
    return server
  }

  private init(_ arguments: [String], _ port: Int, _ sentinel: Bool, _ plain: Bool) throws {
    self.port = port == 0 ? try Self.freePort() : port
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-redis-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let configuration = folder.appendingPathComponent("redis.conf")
    try "".write(to: configuration, atomically: true, encoding: .utf8)
    let folder = folder
    self.arguments =
      [configuration.path]
      + (sentinel ? ["--sentinel"] : ["--save", "", "--appendonly", "no"])
      + ["--port", plain ? String(self.port) : "0", "--bind", "127.0.0.1"]
      + ["--dir", folder.path, "--logfile", folder.appendingPathComponent("log").path]
      + (plain && !sentinel
        ? ["--unixsocket", folder.appendingPathComponent("redis.sock").path] : [])
      + arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path) }
  }

  deinit {
    stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Starts it again after `stop`.
  @concurrent public func restart() async throws { try launch() }

  private func launch() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["redis-server"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = process
    Self.running.withLock { $0[process.processIdentifier] = folder.path }
    for _ in 0..<24_000 {
      if Self.listens(port) { return }
      guard process.isRunning else { break }
      usleep(5000)
    }
    let log = try? String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)
    throw Failure(
      description: "redis-server did not start; is it installed (apt-get install redis-server)?\n"
        + (log ?? ""))
  }

  /// Ends it as a crash does.
  public func stop() {
    guard let process else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    Self.running.withLock { _ = $0.removeValue(forKey: process.processIdentifier) }
    self.process = nil
  }

  /// Stops it for a while without ending its connections.
  public func freeze() { if let process { kill(process.processIdentifier, SIGSTOP) } }
  public func thaw() { if let process { kill(process.processIdentifier, SIGCONT) } }

  /// Asks with redis-cli, another client than ours.
  @discardableResult @concurrent
  public func cli(_ arguments: String...) async throws -> String {
    try await Self.run(["redis-cli", "-p", String(port)] + arguments)
  }

  @discardableResult @concurrent
  public static func run(_ command: [String]) async throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(command.joined(separator: " ")): \(text)")
    }
    return text
  }

  /// Servers that live as long as the test program end with it.
  private static let running: Mutex<[Int32: String]> = {
    atexit {
      for (identifier, folder) in RedisServer.running.withLock({ $0 }) {
        kill(identifier, SIGKILL)
        try? FileManager.default.removeItem(atPath: folder)
      }
    }
    return Mutex<[Int32: String]>([:])
  }()

  private static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  /// A port that nobody uses at this moment.
  public static func freePort() throws -> Int {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = address(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
      }
    }
    guard status == 0 else { throw Failure(description: "no free port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func listens(_ port: Int) -> Bool {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = address(port)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
