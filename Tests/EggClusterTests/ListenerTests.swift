import Foundation
import Testing

/// Addresses of every kind, each served by all workers.
@Suite("Listeners", .serialized) struct ListenerTests {
  /// The machine has the loopback address of the sixth version.
  static let hasVersion6 =
    (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8))?
    .contains("00000000000000000000000000000001") == true

  /// The ports of lines `started on http://ADDRESS:PORT`.
  private func ports(_ probe: ProbeApplication, _ address: String) -> [UInt16] {
    probe.log.components(separatedBy: "started on http://\(address):").dropFirst()
      .compactMap { UInt16($0.prefix { $0.isNumber }) }
  }

  @Test(.enabled(if: hasVersion6, "this machine has no address ::1"))
  func `an address of the sixth version is served`() throws {
    let probe = try ProbeApplication(
      ["--workers", "2", "--port", "0", "--host", "::1"], saysPort: false)
    let port = try #require(ports(probe, "[::1]").first)
    #expect(try Client(version6: port).get("/pid").status == 200)
    #expect(throws: Failure.self) { try Client(port: port) }
  }

  @Test(.enabled(if: hasVersion6, "this machine has no address ::1"))
  func `without a host both versions are served`() throws {
    let probe = try ProbeApplication(["--workers", "1", "--port", "0"], saysPort: false)
    #expect(try Client(version6: probe.port).get("/pid").body == probe.get("/pid").body)
  }

  @Test func `several addresses of the configuration, a Unix socket among them`() throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-\(UUID().uuidString.prefix(8)).sock").path
    let probe = try ProbeApplication(
      ["--workers", "2"],
      config: #"""
        {"cluster": {"listen": [{"path": "\#(path)"}, {"port": 0, "hostname": "127.0.0.1"},
          {"port": 0, "hostname": "127.0.0.2"}]}}
        """#, saysPort: false)
    try probe.wait(for: " started on ", count: 3)
    let first = try #require(ports(probe, "127.0.0.1").first)
    let second = try #require(ports(probe, "127.0.0.2").first)
    func clients() throws -> [Client] {
      [
        try Client(socket: path), try Client(port: first),
        try Client(port: second, to: "127.0.0.2"),
      ]
    }
    let workers = Set(try probe.workers().map(String.init))
    for client in try clients() { #expect(workers.contains(try client.get("/pid").body)) }
    // Those that come after a reload have all of them too.
    #expect(try probe.command("reload").status == 0)
    try probe.wait(for: "closing: ", count: 2)
    for client in try clients() { #expect(!workers.contains(try client.get("/pid").body)) }
    #expect(probe.end().status == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(arguments: [true, false])
  func `two masters share a port with reusePort alone`(reuse: Bool) throws {
    let config = #"{"cluster": {"listen": [{"reusePort": \#(reuse)}]}}"#
    let first = try ProbeApplication(["--workers", "1"], config: config)
    let second = try ProbeApplication(
      ["--workers", "1", "--port", "\(first.port)", "--host", "127.0.0.1"], config: config,
      saysPort: false, waits: reuse)
    guard reuse else {
      let (status, log) = second.finish()
      #expect(status == 1)
      #expect(log.contains("another process has the port"))
      return
    }
    let pids = Set(try first.workers() + second.workers()).map(String.init)
    _ = try first.until("answers of both") { () -> Bool? in
      var seen: Set<String> = []
      for _ in 0..<50 { seen.insert(try first.get("/pid").body) }
      return seen == Set(pids) ? true : nil
    }
    let left = try #require(try second.workers().first)
    #expect(first.end().status == 0)
    #expect(try second.get("/pid").body == "\(left)")
  }
}
