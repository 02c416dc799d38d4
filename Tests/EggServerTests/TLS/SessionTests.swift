import COpenSSL
import Foundation
import Testing

@Suite("TLS sessions and certificates of clients") struct SessionTests {
  let get = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
  let secure = TestCertificate.localhost.config

  /// Asks once, and keeps what the server gave for the next time.
  private func visit(
    _ server: ServerProcess, _ options: TLSOptions
  ) throws -> (session: TLSSocket.Session?, isResumed: Bool) {
    let client = try Client(port: server.port, tls: options)
    try client.send(get)
    #expect(try client.response().text == "hello")
    return (client.tls?.session, client.tls?.isResumed ?? false)
  }

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func `a client takes its session up again`(version: Int32) throws {
    let server = try ServerProcess(https: secure)
    var options = TLSOptions(most: version)
    let first = try visit(server, options)
    #expect(!first.isResumed)
    options.session = first.session
    let second = try visit(server, options)
    #expect(second.isResumed)
    // Those of another process mean nothing here, and do no harm.
    let other = try ServerProcess(https: secure)
    #expect(try !visit(other, options).isResumed)
  }

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func `a client has to show a certificate that an authority has signed`(version: Int32) throws {
    let authority = try TestCertificate("authority", isAuthority: true)
    let known = try TestCertificate("known", signer: authority)
    let unknown = try TestCertificate("unknown")
    let server = try ServerProcess(
      https: secure.dropLast() + #", "ca": "\#(authority.certificate)", "requestCert": true}"#)
    var options = TLSOptions(most: version, identity: known)
    let first = try visit(server, options)
    options.session = first.session
    #expect(try visit(server, options).isResumed)
    for identity in [nil, unknown] {
      #expect(throws: Failure.self) {
        _ = try visit(server, TLSOptions(most: version, identity: identity))
      }
    }
    let lenient = try ServerProcess(
      https: secure.dropLast()
        + #", "ca": ["\#(authority.certificate)"], "requestCert": true, "rejectUnauthorized": false}"#
    )
    for identity in [nil, unknown, known] {
      _ = try visit(lenient, TLSOptions(most: version, identity: identity))
    }
  }

  @Test func `changed files are read, and connections that run go on`() throws {
    let old = try TestCertificate("old")
    let new = try TestCertificate("new")
    let live = try TestCertificate("live")
    func put(_ certificate: TestCertificate) throws {
      for (source, target) in [
        (certificate.certificate, live.certificate), (certificate.key, live.key),
      ] {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: source))
        try bytes.write(to: URL(fileURLWithPath: target), options: .atomic)
      }
    }
    try put(old)
    let server = try ServerProcess(https: live.config.dropLast() + #", "checkInterval": 20}"#)
    func shown() throws -> String? {
      try Client(port: server.port, tls: TLSOptions()).tls?.serverName
    }
    let long = try Client(port: server.port, tls: TLSOptions())
    #expect(long.tls?.serverName == "old")
    try put(new)
    try waitUntil { try shown() == "new" }
    // A damaged file changes nothing for anybody.
    try Data("no certificate".utf8).write(to: URL(fileURLWithPath: live.certificate))
    for _ in 0..<30 {
      usleep(10_000)
      #expect(try shown() == "new")
    }
    try put(old)
    try waitUntil { try shown() == "old" }
    try long.send(get)
    #expect(try long.response().text == "hello")
  }

  private func waitUntil(_ condition: () throws -> Bool) throws {
    for _ in 0..<2000 {
      if try condition() { return }
      usleep(10_000)
    }
    throw Failure("the certificates did not change")
  }
}
