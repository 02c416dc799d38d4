import EggTestSupport
import Foundation
import Synchronization

/// A MariaDB server of the tests' own: a private folder, socket and port, no durability. It ends with
/// the test program.
public final class MariaDBServer: Sendable {
  public let folder: String
  public let port: Int
  public var socket: String { folder + "/s" }
  /// It offers TLS with these.
  public let certificates: Certificates
  private let process = Mutex<Process?>(nil)

  /// One for all tests that leave it as it is.
  public static let shared = Result { try MariaDBServer() }

  /// - Throws: `Failure` that says what to install, or the server's log.
  public init() throws {
    // Short, because a socket's path may have 107 bytes.
    folder = "/tmp/egg-db-\(UUID().uuidString.prefix(8))"
    port = try Self.freePort()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    certificates = try Certificates(in: folder + "/tls")
    Self.servers.withLock { $0.append(self) }
    let tool = try Self.find("mariadb-install-db")
    let log = try Self.run(
      tool,
      [
        "--no-defaults", "--datadir=\(folder)/data", "--auth-root-authentication-method=normal",
        "--skip-test-db", "--user=\(Self.user)", "--innodb-log-file-size=4M",
      ])
    guard FileManager.default.fileExists(atPath: "\(folder)/data/mysql") else {
      throw Failure("mariadb-install-db: \(log)")
    }
    try start()
    try sql(
      """
      create database test character set utf8mb4; create user egg@'%' identified by 'secret';
      grant all on *.* to egg@'%'; create user egg@localhost identified by 'secret';
      grant all on *.* to egg@localhost;
      """)
  }

  private static var user: String { getuid() == 0 ? "root" : NSUserName() }

  /// Starts it again after `stop`, at the same place, with further options.
  public func start(_ options: [String] = []) throws {
    let server = Process()
    server.executableURL = URL(fileURLWithPath: try Self.find("mariadbd"))
    server.arguments =
      [
        "--no-defaults", "--datadir=\(folder)/data", "--socket=\(socket)", "--port=\(port)",
        "--bind-address=127.0.0.1", "--user=\(Self.user)", "--pid-file=\(folder)/pid",
        "--log-error=\(folder)/log", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=4M",
        "--innodb-flush-method=nosync",
        "--skip-innodb-doublewrite", "--performance-schema=off", "--max-connections=200",
        "--max-allowed-packet=64M", "--skip-name-resolve",
        "--ssl-ca=\(certificates.path("ca.pem"))", "--ssl-cert=\(certificates.path("server.pem"))",
        "--ssl-key=\(certificates.path("server.key"))",
      ] + options
    server.standardOutput = FileHandle.nullDevice
    server.standardError = FileHandle.nullDevice
    try server.run()
    process.withLock { $0 = server }
    let deadline = Date().addingTimeInterval(120)
    while (try? sql("select 1")) == nil {
      guard server.isRunning, Date() < deadline else {
        let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
        throw Failure("mariadbd did not start: \(log.suffix(2000))")
      }
      usleep(20_000)
    }
  }

  /// Ends it at once, as a crash would.
  public func kill() {
    process.withLock { server in
      guard let running = server, running.isRunning else { return }
      Glibc.kill(running.processIdentifier, SIGKILL)
      running.waitUntilExit()
      server = nil
    }
  }

  /// Holds it still; `resume` lets it go on.
  public func pause() { signal(SIGSTOP) }
  public func resume() { signal(SIGCONT) }

  private func signal(_ number: Int32) {
    process.withLock { if let server = $0 { _ = Glibc.kill(server.processIdentifier, number) } }
  }

  /// Runs statements with the server's own client.
  @discardableResult
  public func sql(_ text: String) throws -> String {
    try Self.run(
      Self.find("mariadb"), ["--no-defaults", "-uroot", "--socket=\(socket)", "-N", "-e", text],
      checks: true)
  }

  // MARK: private parts

  private static let servers: Mutex<[MariaDBServer]> = {
    atexit {
      for server in MariaDBServer.servers.withLock({ $0 }) {
        server.resume()
        server.kill()
        try? FileManager.default.removeItem(atPath: server.folder)
      }
    }
    return Mutex<[MariaDBServer]>([])
  }()

  private static func find(_ tool: String) throws -> String {
    for folder in ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"] {
      let path = "\(folder)/\(tool)"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw Failure("\(tool) is not installed: apt-get install mariadb-server")
  }

  private static func run(_ tool: String, _ arguments: [String], checks: Bool = false) throws
    -> String
  {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if checks, process.terminationStatus != 0 { throw Failure(output) }
    return output
  }

  private static func freePort() throws -> Int {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
      }
    }
    guard status == 0 else { throw Failure("no free port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
