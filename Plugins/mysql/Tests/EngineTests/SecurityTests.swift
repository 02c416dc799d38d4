import EggSQL
import EggTestSupport
import Foundation
import MySQLEngine
import MySQLTestSupport
import Testing

@Suite("Encrypted connections") struct EncryptionTests {
  /// The shared server's, which every test may use.
  private func tls(
    _ ca: String = "ca.pem", _ change: (inout MySQLOptions.TLS) -> Void = { _ in }
  ) throws -> MySQLOptions.TLS {
    var tls = MySQLOptions.TLS()
    tls.ca = try MariaDBServer.shared.get().certificates.path(ca)
    change(&tls)
    return tls
  }

  private func status(_ db: MySQLDatabase, _ name: String) async throws -> String {
    try await db.queryOne("show session status like ?", [name])?.Value.string ?? ""
  }

  @Test func `a server whose authority and name are right`() async throws {
    let tls = try tls()
    try await withDatabase({
      $0.host = "localhost"
      $0.tls = tls
    }) { db in
      let version = try await status(db, "Ssl_version")
      #expect(version.hasPrefix("TLSv1."))
      // More than a record, both ways.
      let text = String(repeating: "é", count: 1 << 20)
      #expect(try await db.execute("select ? t", text).first?.t.string == text)
    }
  }

  @Test func `another authority, or another name, is refused`() async throws {
    let (right, other) = (try tls(), try tls("other.pem"))
    try await withDatabase({
      $0.host = "localhost"
      $0.tls = other
    }) { db in
      await expectFailure("HANDSHAKE_SSL_ERROR") { _ = try await db.query("select 1") }
    }
    try await withDatabase({
      $0.host = "127.0.0.1"
      $0.tls = right
    }) { db in
      await expectFailure("HANDSHAKE_SSL_ERROR") { _ = try await db.query("select 1") }
    }
    let anybody = try tls("other.pem") { $0.verifies = false }
    try await withDatabase({ $0.tls = anybody }) { db in
      let cipher = try await status(db, "Ssl_cipher")
      #expect(cipher != "")
    }
  }

  @Test func `versions, ciphers, and a certificate of ours`() async throws {
    let server = try MariaDBServer.shared.get()
    let old = try tls { $0.versions = "TLSv1.2" }
    try await withDatabase({
      $0.host = "localhost"
      $0.tls = old
      $0.tls?.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"
    }) { db in
      let version = try await status(db, "Ssl_version")
      #expect(version == "TLSv1.2")
      let cipher = try await status(db, "Ssl_cipher")
      #expect(cipher == "ECDHE-ECDSA-AES256-GCM-SHA384")
    }
    let new = try tls { $0.versions = "TLSv1.3" }
    try await withDatabase({
      $0.host = "localhost"
      $0.tls = new
    }) { db in
      let version = try await status(db, "Ssl_version")
      #expect(version == "TLSv1.3")
    }
    try server.sql(
      """
      create user if not exists certified@'%' identified by 'secret' require x509;
      create user if not exists certified@localhost identified by 'secret' require x509;
      grant all on test.* to certified@'%'; grant all on test.* to certified@localhost;
      """)
    let ours = try tls {
      $0.certificate = server.certificates.path("client.pem")
      $0.key = server.certificates.path("client.key")
    }
    let nobodys = try tls()
    for (tls, code) in [(ours, nil), (nobodys, "ER_ACCESS_DENIED_ERROR")] {
      try await withDatabase({
        $0.host = "localhost"
        $0.user = "certified"
        $0.tls = tls
      }) { db in
        let error = await failure { try await db.query("select 1") }
        #expect(error?.code == code)
      }
    }
  }

  @Test func `a server without TLS is refused when that is asked for`() async throws {
    let server = try Sha2Server("fast")
    try await withDatabase({
      $0.port = server.port
      $0.tls = MySQLOptions.TLS()
      $0.tls?.verifies = false
    }) { db in
      await expectFailure("HANDSHAKE_NO_SSL_SUPPORT") { _ = try await db.query("select 1") }
    }
    try await withDatabase({
      $0.port = server.port
      $0.tls = MySQLOptions.TLS()
    }) { db in
      await expectFailure("HANDSHAKE_SSL_ERROR") { _ = try await db.query("select 1") }
    }
  }
}

@Suite("caching_sha2_password") struct Sha2PasswordTests {
  @Test(arguments: ["fast", "full"])
  func `who knows the password comes in`(mode: String) async throws {
    let server = try Sha2Server(mode)
    try await withDatabase({ $0.port = server.port }) { db in
      let result = try await db.query("do 1")
      #expect(result.hasRows == false)
    }
    try await withDatabase({
      $0.port = server.port
      $0.password = "another"
    }) { db in
      await expectFailure("ER_ACCESS_DENIED_ERROR") { _ = try await db.query("do 1") }
    }
  }
}

/// `sha2-server.py` in a process of its own; ends with this object.
nonisolated private final class Sha2Server {
  let port: Int
  private let process = Process()

  init(_ mode: String) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("sha2-server.py")
    let key = try MariaDBServer.shared.get().certificates.path("rsa.key")
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-B", script.path, "secret", mode, key]
    process.standardOutput = output
    try process.run()
    var text = ""
    while !text.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { break }
      text += String(decoding: data, as: UTF8.self)
    }
    guard let port = Int(text.dropLast()) else {
      kill(process.processIdentifier, SIGKILL)
      throw Failure("sha2-server.py: apt-get install python3")
    }
    self.port = port
  }

  deinit {
    // No signal that may be blocked: it would be inherited from the thread that the test runs on.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
