import COpenSSL
import Foundation
import Testing

@Suite("HTTP over TLS") struct RecordTests {
  let get = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
  let secure = TestCertificate.localhost.config

  private func connect(
    _ server: ServerProcess, receiveBuffer: Int32 = 0, version: Int32 = TLS1_3_VERSION
  ) throws -> Client {
    try Client(port: server.port, receiveBuffer: receiveBuffer, tls: TLSOptions(most: version))
  }

  @Test func `a request in a record per byte is answered`() throws {
    let server = try ServerProcess(https: secure)
    let client = try connect(server)
    for byte in get.utf8 { try client.send([byte]) }
    #expect(try client.response().text == "hello")
    // And many requests in one record.
    try client.send(String(repeating: get, count: 300))
    for _ in 0..<300 { #expect(try client.response().text == "hello") }
  }

  @Test func `records that arrive byte by byte are put together`() throws {
    let server = try ServerProcess(https: secure)
    let outcome = try Tool.run("python3", ["-c", dribble, "\(server.port)"])
    #expect(outcome.output == "hello\n", "\(outcome.output)")
  }

  private let dribble = """
    import socket, ssl, sys
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(received, sent, server_hostname="localhost")

    def deliver():
        for byte in sent.read():
            wire.sendall(bytes([byte]))

    def until(step):
        while True:
            try:
                result = step()
                deliver()
                return result
            except ssl.SSLWantReadError:
                deliver()
                received.write(wire.recv(7))

    until(tls.do_handshake)
    tls.write(b"GET /hello HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
    deliver()
    answer = b""
    while not answer.endswith(b"hello"):
        answer += until(lambda: tls.read(65536))
    # The server says that it has said everything.
    assert until(lambda: tls.read(1)) == b""
    print("hello")
    """

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func `ten megabytes go up and down`(version: Int32) throws {
    let server = try ServerProcess(https: secure)
    let size = 10_000_000
    let client = try connect(server, version: version)
    try client.send(
      "POST /all HTTP/1.1\r\nHost: a\r\nX-Limit: \(size)\r\nContent-Length: \(size)\r\n\r\n")
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    try client.send(body)
    let response = try client.response()
    #expect(response.body == body)
    try client.send("GET /stream/200/50000 HTTP/1.1\r\nHost: a\r\n\r\n" + get)
    #expect(try client.response().body.count == size)
    #expect(try client.response().text == "hello")
  }

  @Test func `a reader that stops is waited for, with bounded memory`() throws {
    let server = try ServerProcess(https: secure)
    let client = try connect(server, receiveBuffer: 8192)
    let before = try server.memory()
    try client.send("GET /stream/1000/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    usleep(100_000)
    #expect(try server.memory() - before < 20_000_000)
    // Meanwhile it asks for more, and for new keys, which have to be answered as well.
    client.tls?.updateKeys()
    try client.send(get)
    #expect(try client.response().body.count == 60_000_000)
    #expect(try client.response().text == "hello")
  }

  @Test func `a whole answer ends with a goodbye, one that is cut short does not`() throws {
    let server = try ServerProcess(#"{"http": {"keepAliveTimeout": 100}}"#, https: secure)
    let whole = try connect(server)
    try whole.send("GET /hello HTTP/1.0\r\n\r\n")
    #expect(try whole.rest().hasSuffix("hello"))
    #expect(whole.tls?.wasCut == false)
    let idle = try connect(server)
    try idle.send(get)
    #expect(try idle.response().text == "hello")
    #expect(try idle.isClosed())
    #expect(idle.tls?.wasCut == false)
    // Without a length the end of the connection is the end of the body.
    let cut = try connect(server)
    try cut.send("GET /stream/1/4 HTTP/1.0\r\nX-Aborts: 1\r\n\r\n")
    #expect(try cut.rest().hasSuffix("ssss"))
    #expect(cut.tls?.wasCut == true)
  }

  @Test func `a stream that was handed over knows a goodbye from a cut`() throws {
    let server = try ServerProcess(https: secure)
    func upgraded() throws -> Client {
      let client = try connect(server)
      try client.send(
        "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
      #expect(try client.response().status == 101)
      #expect(try client.bytes(5) == "early")
      return client
    }
    let polite = try upgraded()
    try polite.send("last words")
    polite.finishSending()
    #expect(try polite.rest() == "last words")
    #expect(polite.tls?.wasCut == false)
    try server.waitForCounters(["closed": 1, "reason": 1])
    let rude = try upgraded()
    rude.cut()
    try server.waitForCounters(["closed": 2, "reason": 2])
    try server.waitForFigures(["takeovers": 0, "connections": 0])
  }

  @Test func `a thousand idle connections hold no buffers`() throws {
    let server = try ServerProcess(https: secure)
    let idle = try (0..<200).map { _ in try connect(server) }
    for client in idle { try client.send(get) }
    for client in idle { #expect(try client.response().text == "hello") }
    let before = try server.memory()
    let more = try (0..<1000).map { _ in try connect(server) }
    for client in more { try client.send(get) }
    for client in more { #expect(try client.response().text == "hello") }
    // Two buffers of a record's size would be 33 KB and more for each. A sanitizer keeps what was freed.
    let isSanitized = ProcessInfo.processInfo.environment["EGG_SERVER_PROBE"] != nil
    let each = try (server.memory() - before) / 1000
    #expect(isSanitized || each < 24_000)
    withExtendedLifetime((idle, more)) {}
  }

  @Test func `curl gets files, heads and continues over it`() throws {
    let server = try ServerProcess(https: secure)
    let file = server.folder.appendingPathComponent("big").path
    let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) })
    try bytes.write(to: URL(fileURLWithPath: file))
    let base = "https://localhost:\(server.port)"
    let trust = ["-sS", "--cacert", TestCertificate.localhost.certificate]
    let target = server.folder.appendingPathComponent("got").path
    let fetched = try Tool.run(
      "curl", trust + ["-H", "X-Path: \(file)", "-o", target, "-w", "%{http_code}", base + "/file"])
    #expect(fetched.output == "200")
    #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == bytes)
    let head = try Tool.run("curl", trust + ["-I", base + "/hello"])
    #expect(head.output.contains("HTTP/1.1 200 OK") && head.output.contains("Content-Length: 5"))
    let posted = try Tool.run(
      "curl",
      trust + [
        "-v", "--expect100-timeout", "20", "-H", "Expect: 100-continue", "-H",
        "Content-Type: application/octet-stream", "--max-time", "60", "-d", "abc", base + "/all",
      ])
    #expect(posted.output.contains("< HTTP/1.1 100 Continue"))
    #expect(posted.output.contains("abc"))
    for version in ["1.2", "1.3"] {
      let seen = try Tool.run(
        "curl", trust + ["-v", "--tlsv\(version)", "--tls-max", version, base + "/hello"])
      #expect(seen.output.contains("SSL connection using TLSv\(version)"))
      #expect(seen.output.contains("ALPN: server accepted http/1.1"))
    }
  }
}
