import Foundation
import Testing

/// HTTPS as operators see it: `egg start`, asked by curl, Python and openssl.
@Suite("HTTPS", .serialized) struct HTTPSTests {
  @Test(arguments: [
    (
      #"{"cert": "CERT"}"#,
      "cluster.https.key: expected the path of a private key in PEM form, found nothing"
    ),
    (
      #"{"key": "nowhere.pem", "cert": "CERT"}"#,
      "cluster.https.key: expected a private key in PEM form, found no file"
    ),
    (
      #"{"key": "CERT", "cert": "CERT"}"#,
      "cluster.https.key: expected a private key in PEM form (-----BEGIN"
    ),
    (#"{"key": "OTHER", "cert": "CERT"}"#, "is not that of the certificate in"),
    (
      #"{"key": "KEY", "cert": "CERT", "requestCerts": true}"#,
      #"there is no such setting (did you mean "requestCert"?)"#
    ),
    (
      #"{"key": "KEY", "cert": "CERT", "requestCert": true}"#,
      #"cluster.https.requestCert: expected "ca" as well"#
    ),
    (#"{"key": "LOCKED", "cert": "CERT"}"#, #"is encrypted; give its passphrase as "passphrase""#),
    (
      #"{"key": "LOCKED", "cert": "CERT", "passphrase": "wrong"}"#,
      #""passphrase" does not open the key"#
    ),
    (
      #""yes""#,
      "cluster.https: expected { \"key\": FILE, \"cert\": FILE } or a list of those, found a string"
    ),
  ])
  func `what can't be used is refused before any process is started`(
    https: String, message: String
  ) throws {
    let files = try Certificates()
    let probe = try ProbeApplication(
      config: "{ \"cluster\": {\n  \"https\": \(files.filled(https)) } }", waits: false)
    let (status, log) = probe.finish()
    #expect(status == 1)
    #expect(log.contains("error: EGG_CONFIG app: "), "\(log)")
    #expect(log.contains("/config/config.prod.json:2: cluster.https"), "\(log)")
    #expect(log.contains(message), "\(log)")
    #expect(!log.contains("master: "))
  }

  @Test func `a key with a passphrase is opened`() throws {
    let files = try Certificates()
    let probe = try ProbeApplication(
      ["--single"],
      config:
        #"{"cluster": {"https": \#(files.filled(#"{"key": "LOCKED", "cert": "CERT", "passphrase": "egg"}"#))}}"#
    )
    #expect(try files.curl(probe.port, "/origin").contains(" https true https://localhost:"))
  }

  @Test func `all workers serve it, take up each other's sessions, and say so`() throws {
    let files = try Certificates()
    let probe = try ProbeApplication(["--workers", "2"], config: files.config)
    #expect(probe.log.contains("started on https://127.0.0.1:\(probe.port)"))
    let origin = try files.curl(probe.port, "/origin")
    #expect(origin.hasSuffix(" https true https://localhost:\(probe.port)"))
    for version in ["TLSv1_2", "TLSv1_3"] {
      let outcome = try files.python(
        sessions, "\(probe.port)", version, files.certificate)
      #expect(outcome == "every session was taken up by 2 processes\n")
    }
    let heard = try probe.until("egg-ready") {
      try files.curl(probe.port, "/inbox").contains(#""protocol":"https""#) ? true : nil
    }
    #expect(heard)
    #expect(probe.end().status == 0)
  }

  /// Connects again and again with one session until two processes have answered.
  private let sessions = """
    import socket, ssl, sys
    port, version, ca = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    def visit(session):
        raw = socket.create_connection(("127.0.0.1", port))
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as tls:
            tls.sendall(b"GET /pid HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
            answer = b""
            while True:
                piece = tls.recv(4096)
                if not piece:
                    break
                answer += piece
            return answer.split(b"\\r\\n\\r\\n")[1], tls.session_reused, tls.session
    pid, reused, session = visit(None)
    assert not reused
    pids = {pid}
    for attempt in range(2000):
        pid, reused, _ = visit(session)
        assert reused, "a session was not taken up"
        pids.add(pid)
        if len(pids) == 2:
            break
    print("every session was taken up by %d processes" % len(pids))
    """

  @Test func `a WebSocket controller is reached by wss`() throws {
    let files = try Certificates()
    let probe = try ProbeApplication(["--single"], config: files.config)
    let outcome = try files.python(socket, "\(probe.port)", files.certificate)
    // A short text, one in several records, and the close that is answered.
    #expect(outcome == "101\nhttps 5 hello\nhttps 200003 end\n8 1000\n")
  }

  /// A client of RFC 6455 over TLS: what each frame with text has, then the answer to a close.
  private let socket = """
    import os, socket, ssl, struct, sys
    port, ca = int(sys.argv[1]), sys.argv[2]
    context = ssl.create_default_context(cafile=ca)
    raw = socket.create_connection(("127.0.0.1", port), timeout=120)
    tls = context.wrap_socket(raw, server_hostname="localhost")
    tls.sendall(b"GET /socket HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\n"
        b"Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
    kept = b""
    def take(count):
        global kept
        while len(kept) < count:
            piece = tls.recv(65536)
            assert piece, "the connection ended"
            kept += piece
        part, kept = kept[:count], kept[count:]
        return part
    head = b""
    while not head.endswith(b"\\r\\n\\r\\n"):
        head += take(1)
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    print(head.split()[1].decode())
    def send(code, content):
        mask = os.urandom(4)
        count = len(content)
        size = bytes([0x80 | count]) if count < 126 else b"\\xff" + struct.pack(">Q", count)
        tls.sendall(bytes([0x80 | code]) + size + mask
            + bytes(byte ^ mask[place % 4] for place, byte in enumerate(content)))
    def receive():
        first, size = take(2)
        if size == 126: size = struct.unpack(">H", take(2))[0]
        return first & 15, take(size)
    for text in (b"hello", b"x" * 200000 + b"end"):
        send(1, text)
        print(receive()[1].decode().replace("xx", ""))
    send(8, struct.pack(">H", 1000))
    code, content = receive()
    print(code, struct.unpack(">H", content[:2])[0])
    """

  @Test func `an application sees who a client is by its certificate`() throws {
    let files = try Certificates()
    let https = """
      {"key": "\(files.key)", "cert": "\(files.certificate)", "requestCert": true,
       "ca": "\(files.certificate)", "rejectUnauthorized": false}
      """
    let probe = try ProbeApplication(
      ["--single"], config: "{\"cluster\": {\"https\": \(https)}}")
    #expect(try files.curl(probe.port, "/client") == "nobody")
    let client = try files.client()
    // The certificate of the server signs for itself, and stands in for an authority.
    let known = try files.client(signed: true)
    for (identity, isKnown) in [(client, false), (known, true)] {
      let text = try files.curl(
        probe.port, "/client", ["--cert", identity + ".pem", "--key", identity + ".key"])
      let facts = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
      let subject = try #require(facts["subject"] as? [String: Any])
      #expect(subject["CN"] as? String == "ada löve" && subject["OU"] as? [String] == ["a", "b"])
      #expect(
        (facts["issuer"] as? [String: Any])?["CN"] as? String
          == (isKnown ? "localhost" : "ada löve"))
      #expect(facts["authorized"] as? Bool == isKnown)
      #expect(facts["days"] as? Int == 7)
      #expect(
        facts["fingerprint"] as? String == (try files.shown(identity, "-fingerprint", "-sha256")))
      #expect(facts["serial"] as? String == (try files.shown(identity, "-serial")))
      #expect(facts["size"] as? Int == (try files.size(identity)))
    }
    #expect(probe.end().status == 0)
  }

  @Test func `the configuration says what the application is`() throws {
    let probe = try ProbeApplication(["--single"])
    let text = try probe.get("/identity").body
    let facts = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    #expect(facts["env"] as? String == "prod" && facts["scope"] as? String == "")
    let base = try #require(facts["baseDir"] as? String)
    #expect(facts["rundir"] as? String == base + "/run")
    #expect(facts["root"] as? String == facts["HOME"] as? String)
    let pkg = try #require(facts["pkg"] as? [String: Any])
    #expect(pkg["name"] as? String == facts["name"] as? String && pkg["library"] != nil)
  }

  @Test func `sticky workers and several addresses serve it`() throws {
    let files = try Certificates()
    let probe = try ProbeApplication(
      ["--workers", "2", "--sticky", "--port", "0"], config: files.config)
    let ports = probe.log.matches(of: /started on https:\/\/127\.0\.0\.1:([0-9]+)/).map { $0.1 }
    #expect(ports.count == 2)
    var pids: Set<Substring> = []
    for port in ports {
      for _ in 0..<3 {
        let origin = try files.curl(UInt16(port)!, "/origin")
        pids.insert(origin.prefix { $0 != " " })
      }
    }
    #expect(pids.count == 1)
  }

  @Test func `a reload under load brings new certificates and loses no request`() throws {
    let files = try Certificates()
    let probe = try ProbeApplication(
      ["--workers", "2"],
      config:
        #"{"cluster": {"idleGrace": 1000, "https": {"key": "\#(files.key)", "cert": "\#(files.certificate)", "checkInterval": 0}}}"#
    )
    let load = try files.begin(visits, "\(probe.port)", files.folder + "/stop")
    let before = try files.shownSerial(probe.port)
    try files.renew()
    let (status, output) = try probe.command("reload")
    #expect(status == 0, "\(output)")
    #expect(try files.shownSerial(probe.port) != before)
    try files.renew()
    kill(probe.master, SIGHUP)
    try probe.wait(for: "reloaded 2 workers", count: 2)
    _ = FileManager.default.createFile(atPath: files.folder + "/stop", contents: nil)
    let outcome = try load.text()
    #expect(outcome.hasPrefix("none was lost of "), "\(outcome)")
  }

  /// Asks over new and over kept connections until a file appears. A connection that the server ends
  /// between two requests is made anew; an answer that was begun and not ended is a loss.
  private let visits = """
    import http.client, os, ssl, sys, threading
    port, stop = int(sys.argv[1]), sys.argv[2]
    context = ssl._create_unverified_context()
    done, lost = [0], []
    def ask(keeps):
        connection = None
        while not os.path.exists(stop):
            for attempt in range(2):
                try:
                    fresh = connection is None
                    if fresh:
                        connection = http.client.HTTPSConnection(
                            "127.0.0.1", port, timeout=60, context=context)
                    connection.request("GET", "/slow/5")
                    answer = connection.getresponse()
                    body = answer.read()
                    if answer.status != 200 or body != b"slept":
                        lost.append("%d %r" % (answer.status, body))
                    done[0] += 1
                    if not keeps or answer.will_close:
                        connection.close()
                        connection = None
                    break
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError,
                        ssl.SSLEOFError) as problem:
                    connection = None
                    if fresh:
                        lost.append(repr(problem))
                        break
                except Exception as problem:
                    lost.append(repr(problem))
                    connection = None
                    break
    threads = [threading.Thread(target=ask, args=(number % 2 == 0,)) for number in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print("none was lost of %d" % done[0] if not lost and done[0] else "lost: %r" % lost[:5])
    """

  @Test func `one process serves it by options, and reads new files on SIGHUP`() throws {
    let files = try Certificates()
    let probe = try ProbeApplication(
      ["--single", "--https-key", files.key, "--https-cert", files.certificate])
    let before = try files.shownSerial(probe.port)
    try files.renew()
    kill(probe.master, SIGHUP)
    try probe.wait(for: "cluster.https: the certificates were read again")
    #expect(try files.shownSerial(probe.port) != before)
    #expect(probe.end().status == 0)
  }
}

/// Certificates in a folder of their own, and clients that trust them.
private final class Certificates {
  let folder: String
  var key: String { folder + "/key.pem" }
  var certificate: String { folder + "/cert.pem" }
  var config: String { #"{"cluster": {"https": {"key": "\#(key)", "cert": "\#(certificate)"}}}"# }

  init() throws {
    let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-https-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
    try renew()
    _ = try run(
      "openssl",
      ["ec", "-in", key, "-out", folder + "/locked.pem", "-aes256", "-passout", "pass:egg"])
    _ = try run(
      "openssl",
      ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder + "/other.pem"])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Another certificate in the same place.
  func renew() throws {
    let (status, output) = try run(
      "openssl",
      [
        "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout",
        key, "-out", certificate, "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-days", "30",
      ])
    guard status == 0 else { throw Failure(output) }
  }

  func filled(_ text: String) -> String {
    [("CERT", "cert"), ("KEY", "key"), ("LOCKED", "locked"), ("OTHER", "other")].reduce(text) {
      $0.replacingOccurrences(of: "\"\($1.0)\"", with: "\"\(folder)/\($1.1).pem\"")
    }
  }

  func curl(_ port: UInt16, _ path: String, _ words: [String] = []) throws -> String {
    let (status, output) = try run(
      "curl",
      ["-sS", "--max-time", "60", "--cacert", certificate, "https://localhost:\(port)\(path)"]
        + words)
    guard status == 0 else { throw Failure("curl: \(output)") }
    return output
  }

  /// A client's certificate: the path without `.pem` and `.key`.
  ///
  /// - Parameter signed: by the certificate of the server; otherwise by itself.
  func client(signed: Bool = false) throws -> String {
    let path = folder + (signed ? "/known" : "/stranger")
    var words = [
      "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-utf8",
      "-keyout", path + ".key", "-out", path + ".pem", "-days", "7", "-subj",
      "/CN=ada löve/OU=a/OU=b",
    ]
    if signed { words += ["-CA", certificate, "-CAkey", key] }
    let (status, output) = try run("openssl", words)
    guard status == 0 else { throw Failure(output) }
    return path
  }

  /// What `openssl x509` says of a certificate, behind the "=".
  func shown(_ path: String, _ words: String...) throws -> String {
    let (_, output) = try run("openssl", ["x509", "-noout", "-in", path + ".pem"] + words)
    let value = output.split(separator: "=").last ?? ""
    return value.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Of the certificate in its binary form, in bytes.
  func size(_ path: String) throws -> Int {
    let (_, output) = try run(
      "sh", ["-c", "openssl x509 -in '\(path).pem' -outform DER | wc -c"])
    return Int(output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
  }

  /// What tells one certificate of the server from the next.
  func shownSerial(_ port: UInt16) throws -> String {
    let (_, output) = try run(
      "sh",
      [
        "-c",
        "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null | openssl x509 -noout -serial",
      ])
    guard output.hasPrefix("serial=") else { throw Failure("s_client: \(output)") }
    return output
  }

  func python(_ script: String, _ words: String...) throws -> String {
    try run("python3", ["-c", script] + words).output
  }

  func begin(_ script: String, _ words: String...) throws -> Running {
    try Running("python3", ["-c", script] + words)
  }

  private func run(_ name: String, _ words: [String]) throws -> (status: Int32, output: String) {
    let running = try Running(name, words)
    let text = try running.text()
    return (running.process.terminationStatus, text)
  }

  /// A program of somebody else's.
  final class Running {
    let process = Process()
    private let output = Pipe()

    init(_ name: String, _ words: [String]) throws {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [name] + words
      process.standardOutput = output
      process.standardError = output
      process.standardInput = FileHandle.nullDevice
      try process.run()
    }

    /// All that it wrote, once it has ended.
    func text() throws -> String {
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return String(decoding: data, as: UTF8.self)
    }
  }
}
