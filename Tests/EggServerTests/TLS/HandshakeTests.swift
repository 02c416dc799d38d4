import COpenSSL
import Foundation
import Testing

@Suite("TLS handshakes") struct HandshakeTests {
  let get = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
  let secure = TestCertificate.localhost.config

  @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
  func `TLS 1,2 and 1,3 are spoken`(version: Int32, name: String) throws {
    let server = try ServerProcess(https: secure)
    let client = try Client(
      port: server.port, tls: TLSOptions(least: version, most: version))
    #expect(client.tls?.version == name)
    #expect(client.tls?.serverName == "localhost")
    for _ in 0..<3 {
      try client.send(get)
      #expect(try client.response().text == "hello")
    }
  }

  @Test func `older versions are refused, and 1,2 where only 1,3 is wanted`() throws {
    let server = try ServerProcess(https: secure)
    let old = try Tool.run(
      "openssl",
      [
        "s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_1", "-cipher",
        "DEFAULT@SECLEVEL=0",
      ])
    #expect(old.output.contains("alert protocol version"))
    let modern = try ServerProcess(
      https: secure.dropLast() + #", "minVersion": "TLSv1.3"}"#)
    #expect(throws: Failure.self) {
      try Client(port: modern.port, tls: TLSOptions(most: TLS1_2_VERSION))
    }
    #expect(try Client(port: modern.port, tls: TLSOptions()).tls?.version == "TLSv1.3")
  }

  @Test func `ciphers of TLS 1,2 are those of the configuration`() throws {
    let server = try ServerProcess(
      https: secure.dropLast() + #", "ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"}"#)
    let base = ["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_2", "-cipher"]
    let wanted = try Tool.run("openssl", base + ["ECDHE-ECDSA-AES256-GCM-SHA384"])
    #expect(wanted.output.contains("Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"))
    let other = try Tool.run("openssl", base + ["ECDHE-ECDSA-AES128-GCM-SHA256"])
    #expect(other.output.contains("alert handshake failure"))
  }

  @Test(arguments: [
    (["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["http/1.0"], "http/1.0"),
    ([], ""),
  ])
  func `of the protocols that a client offers HTTP 1 is chosen`(
    offered: [String], chosen: String
  ) throws {
    let server = try ServerProcess(https: secure)
    let client = try Client(port: server.port, tls: TLSOptions(protocols: offered))
    #expect(client.tls?.chosenProtocol == chosen)
    try client.send(get)
    #expect(try client.response().text == "hello")
  }

  @Test func `a client that offers other protocols only is refused`() throws {
    let server = try ServerProcess(https: secure)
    let failure = try #require(throws: Failure.self) {
      try Client(port: server.port, tls: TLSOptions(protocols: ["h2"]))
    }
    #expect(failure.description.contains("no application protocol"))
  }

  @Test func `the name that a client asks for chooses the certificate`() throws {
    let first = try TestCertificate("first", names: ["first.test"])
    let wide = try TestCertificate("wide", names: ["*.shop.test"])
    let exact = try TestCertificate("exact", names: ["pay.shop.test"])
    let server = try ServerProcess(
      https: "[\(first.config), \(wide.config), \(exact.config)]")
    for (asked, given) in [
      ("first.test", "first"), ("www.shop.test", "wide"), ("pay.shop.test", "exact"),
      ("PAY.shop.test", "exact"), ("unknown.test", "first"), ("a.b.shop.test", "first"),
    ] {
      for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
        let client = try Client(port: server.port, tls: TLSOptions(most: version, name: asked))
        #expect(client.tls?.serverName == given, "asked for \(asked)")
        try client.send(get)
        #expect(try client.response().text == "hello")
      }
    }
    let nameless = try Client(port: server.port, tls: TLSOptions(name: nil))
    #expect(nameless.tls?.serverName == "first")
  }

  @Test func `two kinds of keys for the same names serve clients of either kind`() throws {
    let curve = try TestCertificate("curve", names: ["localhost"])
    let rsa = try TestCertificate("rsa", names: ["localhost"], kind: ["rsa:2048"])
    let server = try ServerProcess(https: "[\(curve.config), \(rsa.config)]")
    for (cipher, name) in [
      ("ECDHE-RSA-AES128-GCM-SHA256", "rsa"), ("ECDHE-ECDSA-AES128-GCM-SHA256", "curve"),
    ] {
      let seen = try Tool.run(
        "openssl",
        [
          "s_client", "-connect", "127.0.0.1:\(server.port)", "-servername", "localhost", "-tls1_2",
          "-cipher", cipher,
        ])
      #expect(seen.output.contains("subject=CN = \(name)"))
    }
  }

  @Test func `who speaks HTTP without TLS is told where it is`() throws {
    let server = try ServerProcess(https: secure)
    let client = try Client(port: server.port, tls: nil)
    try client.send(get)
    let answer = try client.response()
    #expect(answer.status == 400 && answer["connection"] == "close")
    #expect(answer.text == "this port speaks HTTPS: the address begins with https\n")
    #expect(try client.isClosed())
  }

  @Test func `garbage and silence end the connection and nothing else`() throws {
    let server = try ServerProcess(https: secure.dropLast() + #", "handshakeTimeout": 300}"#)
    for garbage in [
      [UInt8](repeating: 0, count: 5), [UInt8](repeating: 255, count: 70_000),
      // A handshake that promises more than is allowed, and one that is cut off.
      [22, 3, 1, 255, 255] + [UInt8](repeating: 1, count: 300), [22, 3, 1, 0, 100, 1, 0, 0, 96],
    ] {
      let client = try Client(port: server.port, tls: nil)
      try? client.send(garbage)
      _ = try? client.rest()
    }
    let silent = try Client(port: server.port, tls: nil)
    #expect(try silent.isClosed())
    try server.waitForFigures(["connections": 0])
    let client = try Client(port: server.port, tls: TLSOptions())
    try client.send(get)
    #expect(try client.response().text == "hello")
  }

  @Test func `another handshake on the same connection is refused`() throws {
    let server = try ServerProcess(https: secure)
    let client = try Client(port: server.port, tls: TLSOptions(most: TLS1_2_VERSION))
    try client.send(get)
    #expect(try client.response().text == "hello")
    #expect(client.tls?.renegotiate() == false)
    client.close()
    try server.waitForFigures(["connections": 0])
  }

  @Test func `new keys in the middle of a connection are taken`() throws {
    let server = try ServerProcess(https: secure)
    let client = try Client(port: server.port, tls: TLSOptions())
    for _ in 0..<20 {
      client.tls?.updateKeys()
      try client.send(get)
      #expect(try client.response().text == "hello")
    }
  }

  @Test func `a process without HTTPS does not load the library`() throws {
    func maps(_ server: ServerProcess) throws -> String {
      // It has no size, and with a sanitizer it is long.
      let file = try #require(FileHandle(forReadingAtPath: "/proc/\(server.identifier)/maps"))
      return String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
    }
    #expect(try !maps(ServerProcess(https: nil)).contains("libssl"))
    #expect(try maps(ServerProcess(https: secure)).contains("libssl"))
  }
}
