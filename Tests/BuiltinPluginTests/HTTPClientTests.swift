import Foundation
import Testing

/// - Source: Egg, "HttpClient"; RFC 9110 for what is sent, RFC 7616 for digests.
@Suite("The HTTP client") struct HTTPClientTests {
  private static let server = Result { try Server(plugins: ["httpclient"]) }
  private static let peer = Result { try Peer() }

  private func curl(
    _ path: String, _ options: String = "{}", target: String = "/curl", server: Server? = nil,
    url: String? = nil, headers: [String: String] = [:]
  ) throws -> Answer {
    let url = try url ?? Self.peer.get().url + path
    return try (server ?? Self.server.get()).send(
      "POST", target, headers: headers, json: #"{ "url": "\#(url)", "options": \#(options) }"#)
  }

  private func echo(_ path: String, _ options: String, headers: [String: String] = [:]) throws
    -> [String: Any]
  {
    let options = String(options.dropLast()) + #", "dataType": "json" }"#
    let answer = try curl(path, options, headers: headers)
    return try #require(answer.json["data"] as? [String: Any], "\(answer.body)")
  }

  private func headers(_ echo: [String: Any]) -> [String: String] {
    echo["headers"] as? [String: String] ?? [:]
  }

  // MARK: what is sent

  @Test func `data of a GET is its query`() throws {
    let said = try echo("/echo?z=0", #"{ "data": { "a": "x y&", "b": [1, 2] } }"#)
    #expect(said["path"] as? String == "/echo?z=0&a=x+y%26&b=1&b=2")
    #expect(said["method"] as? String == "GET")
  }

  @Test func `data of a POST is a form, or JSON`() throws {
    let form = try echo("/echo", #"{ "method": "POST", "data": { "a": "é" } }"#)
    #expect(form["body"] as? String == "a=%C3%A9")
    #expect(headers(form)["content-type"] == "application/x-www-form-urlencoded")
    let json = try echo(
      "/echo", #"{ "method": "put", "data": { "a": 1 }, "contentType": "json" }"#)
    #expect(json["method"] as? String == "PUT")
    #expect(json["body"] as? String == #"{"a":1}"#)
    #expect(headers(json)["content-type"] == "application/json")
  }

  @Test func `content is sent as it is`() throws {
    let said = try echo(
      "/echo",
      #"{ "method": "PATCH", "content": "<a/>", "contentType": "text/xml", "headers": { "X-A": "1" } }"#
    )
    #expect(said["body"] as? String == "<a/>")
    #expect(headers(said)["content-type"] == "text/xml")
    #expect(headers(said)["x-a"] == "1")
    #expect(headers(said)["expect"] == nil)
  }

  @Test func `files are sent as a form`() throws {
    let file = try Self.server.get().folder.appendingPathComponent("note.txt")
    try Data("from disk".utf8).write(to: file)
    let said = try echo(
      "/echo",
      #"{ "method": "POST", "data": { "t": "v" }, "files": { "f": "\#(file.path)", "g": { "filename": "g.js", "content": "1" } } }"#
    )
    let body = said["body"] as? String ?? ""
    for text in [
      #"name="t""#, "\r\n\r\nv\r\n", #"name="f"; filename="note.txt""#, "from disk",
      #"name="g"; filename="g.js""#,
    ] {
      #expect(body.contains(text))
    }
  }

  @Test func `a header field cannot become two`() throws {
    let answer = try curl("/echo", #"{ "headers": { "X-A": "1\r\nX-B: 2" } }"#)
    #expect(answer.status == 500)
    #expect(try Self.server.get().log.contains("EGG_CURL_ARGUMENT"))
  }

  @Test func `the trace goes on`() throws {
    let id = "0af7651916cd43dd8448eb211c80319c"
    let said = try echo(
      "/echo", "{ \"method\": \"GET\" }", headers: ["traceparent": "00-\(id)-b7ad6b7169203331-01"])
    #expect(headers(said)["traceparent"]?.contains(id) == true)
  }

  // MARK: what comes back

  @Test func `status, headers and data`() throws {
    let answer = try curl("/echo", #"{ "dataType": "text" }"#)
    #expect(answer.json["status"] as? Int == 200)
    let headers = try #require(answer.json["headers"] as? [String: Any])
    #expect(headers["content-type"] as? String == "application/json")
    #expect(headers["set-cookie"] as? [String] == ["a=1", "b=2"])
    #expect((answer.json["data"] as? String)?.hasPrefix("{") == true)
  }

  @Test func `every status is an answer`() throws {
    #expect(try curl("/status?404").json["status"] as? Int == 404)
    #expect(try curl("/status?204", #"{ "method": "HEAD" }"#).json["status"] as? Int == 204)
  }

  @Test func `JSON that is none is an error`() throws {
    #expect(try curl("/status?200", #"{ "dataType": "json" }"#).status == 500)
    #expect(try Self.server.get().log.contains("the answer is no JSON"))
  }

  @Test func `a compressed answer is unpacked`() throws {
    let answer = try curl("/gzip", #"{ "gzip": true, "dataType": "text" }"#)
    #expect(answer.json["data"] as? String == String(repeating: "x", count: 5000))
  }

  @Test func `an answer may be too large, after unpacking too`() throws {
    for (path, size) in [("/large?5001", 5000), ("/gzip", 4999)] {
      #expect(try curl(path, #"{ "gzip": true, "maxResponseSize": \#(size) }"#).status == 500)
    }
    #expect(try curl("/large?5000", #"{ "maxResponseSize": 5000 }"#).status == 200)
  }

  @Test func `a large answer comes in pieces`() throws {
    let answer = try curl("/large?8000000", target: "/curl/stream")
    #expect(answer.json["size"] as? Int == 8_000_000, "\(answer.body)")
    #expect(try #require(answer.json["pieces"] as? Int) > 10)
  }

  @Test func `a streamed answer that breaks off is an error`() throws {
    #expect(try curl("/broken", target: "/curl/stream").status == 500)
  }

  // MARK: ways

  @Test func `redirects are followed when that is wanted, to a limit`() throws {
    #expect(try curl("/to?/echo").json["status"] as? Int == 302)
    let answer = try curl("/to?/echo", #"{ "followRedirect": true }"#)
    #expect(answer.json["status"] as? Int == 200)
    #expect((answer.json["url"] as? String)?.hasSuffix("/echo") == true)
    #expect(try curl("/loop", #"{ "followRedirect": true, "maxRedirects": 3 }"#).status == 500)
    #expect(try curl("/to?file:///etc/passwd", #"{ "followRedirect": true }"#).status == 500)
  }

  @Test func `attempts are repeated`() throws {
    let answer = try curl("/flaky?a", #"{ "retry": 2, "retryDelay": 10, "dataType": "text" }"#)
    #expect(answer.json["data"] as? String == "3")
    #expect(try curl("/flaky?b", #"{ "retry": 1 }"#).json["status"] as? Int == 503)
  }

  @Test func `passwords are sent, or proved`() throws {
    let basic = try echo("/basic", #"{ "auth": "ada:secret" }"#)
    #expect(headers(basic)["authorization"] == "Basic YWRhOnNlY3JldA==")
    let digest = try curl("/digest", #"{ "digestAuth": "ada:secret", "dataType": "text" }"#)
    #expect(digest.json["data"] as? String == "in")
    #expect(try curl("/digest", #"{ "digestAuth": "ada:wrong" }"#).json["status"] as? Int == 403)
  }

  @Test func `a connection is used again`() throws {
    // A server of its own, since other tests take connections from a common one.
    let server = try Server(
      #"{ "httpclient": { "httpAgent": { "freeSocketTimeout": 600000 } } }"#,
      plugins: ["httpclient"])
    let ports = try (0..<3).map { _ in
      let answer = try curl("/echo", #"{ "dataType": "json" }"#, server: server)
      return (answer.json["data"] as? [String: Any])?["port"] as? Int
    }
    #expect(ports[0] != nil && Set(ports).count == 1, "\(ports)")
  }

  @Test func `a proxy is asked for the whole url`() throws {
    let said = try curl(
      "", #"{ "proxy": "\#(Self.peer.get().url)", "dataType": "json" }"#,
      url: "http://elsewhere.test/path")
    let data = try #require(said.json["data"] as? [String: Any], "\(said.body)")
    #expect(data["path"] as? String == "http://elsewhere.test/path")
  }

  // MARK: failures

  @Test func `typed calls have typed errors`() throws {
    let peer = try Peer()
    let answer = try curl("", target: "/curl/app", url: "\(peer.url)/slow")
    #expect(answer.body == #"{"kind":"EGG_CURL_RESPONSE_TIMEOUT"}"#)
    let closed = try curl("", target: "/curl/app", url: "http://127.0.0.1:1/")
    #expect(closed.body == #"{"kind":"EGG_CURL_CONNECT"}"#)
    let right = try curl("", target: "/curl/app", url: "\(peer.url)/echo")
    let data = try #require(right.json["data"] as? [String: Any])
    #expect(data["body"] as? String == #"{"a":1}"#)
  }

  @Test func `the time for the answer begins with the connection`() throws {
    let times = #"{ "timeout": [60000, 400] }"#
    #expect(try curl("/slow", times).status == 500)
    #expect(try Self.server.get().log.contains("no answer within 400 ms"))
  }

  @Test(arguments: ["ftp://127.0.0.1/", "file:///etc/passwd", "nothing", "", "http://"])
  func `other urls are refused`(url: String) throws {
    #expect(try curl("", target: "/curl/app", url: url).body == #"{"kind":"EGG_CURL_ARGUMENT"}"#)
  }

  @Test func `certificates are checked`() throws {
    let peer = try Peer(secure: true)
    #expect(
      try curl("", #"{ "timeout": 60000 }"#, target: "/curl/app", url: peer.url + "/echo").body
        == #"{"kind":"EGG_CURL_CONNECT"}"#)
    let known = try curl(
      "", #"{ "timeout": 60000, "ca": "\#(peer.certificate)" }"#, url: peer.url + "/echo")
    #expect(known.json["status"] as? Int == 200, "\(known.body)")
    let unchecked = try curl(
      "", #"{ "timeout": 60000, "rejectUnauthorized": false }"#, url: peer.url + "/echo")
    #expect(unchecked.json["status"] as? Int == 200)
  }

  // MARK: answers that are not sent for

  @Test func `an object of a unit may answer in place of the server`() throws {
    let server = try Server(#"{ "probe": { "intercepts": true } }"#, plugins: ["httpclient"])
    func ask(_ url: String, _ options: String = "{}", target: String = "/curl") throws -> Answer {
      try curl("", options, target: target, server: server, url: url)
    }
    let told = try ask("http://cached.test/a", #"{ "dataType": "json", "method": "POST" }"#)
    #expect(told.json["status"] as? Int == 203, "\(told.body)")
    #expect(told.body.contains(#""data":{"method":"POST","url":"http://cached.test/a"}"#))
    #expect(told.body.contains(#""x-from":"cache""#))
    #expect(try ask("http://cached.test/a", target: "/curl/stream").json["size"] as? Int ?? 0 > 10)
    #expect(try ask("http://cached.test/wrong").status == 500)
    #expect(server.log.contains("interceptCurl: expected an answer"))
    // The others are sent.
    #expect(try ask(Self.peer.get().url + "/status?204").json["status"] as? Int == 204)
  }

  // MARK: safeCurl

  @Test func `safeCurl connects to allowed addresses only, also behind redirects`() throws {
    let server = try Server(
      #"""
      { "security": { "csrf": { "enable": false },
        "ssrf": { "ipBlackList": ["127.0.0.0/8", "::1/128"], "ipExceptionList": [],
          "hostnameExceptionList": ["127.0.0.1"] } } }
      """#, plugins: ["security", "httpclient"])
    let port = try Self.peer.get().port
    func safe(_ url: String) throws -> Answer {
      try curl("", #"{ "followRedirect": true }"#, target: "/curl/safe", server: server, url: url)
    }
    #expect(try safe("http://127.0.0.1:\(port)/echo").json["status"] as? Int == 200)
    #expect(try safe("http://localhost:\(port)/echo").status == 500)
    #expect(server.log.contains("EGG_CURL_ADDRESS"))
    #expect(try safe("http://127.0.0.1:\(port)/to?/echo").json["status"] as? Int == 200)
    #expect(try safe("http://127.0.0.1:\(port)/to?http://localhost:\(port)/echo").status == 500)
  }

  @Test func `a wrong option in the configuration refuses the start`() throws {
    let failure = #expect(throws: Failure.self) {
      _ = try Server(
        #"{ "httpclient": { "request": { "timeout": "soon" } } }"#, plugins: ["httpclient"])
    }
    #expect(failure?.description.contains("config.httpclient.request: timeout: expected") == true)
  }
}

/// The server of `Tests/Fixtures/peers`; it ends with this object.
private final class Peer: @unchecked Sendable {
  let port: Int
  let certificate: String
  private let process = Process()
  private let folder: URL
  private let isSecure: Bool

  var url: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(port)" }

  init(secure: Bool = false) throws {
    isSecure = secure
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    certificate = folder.appendingPathComponent("cert.pem").path
    let key = folder.appendingPathComponent("key.pem").path
    if secure {
      let openssl = Process()
      openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      openssl.arguments = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
        "subjectAltName=IP:127.0.0.1",
      ]
      openssl.standardError = FileHandle.nullDevice
      try openssl.run()
      openssl.waitUntilExit()
      guard openssl.terminationStatus == 0 else { throw Failure("apt-get install openssl") }
    }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/peers/peer.py")
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script.path] + (secure ? [certificate, key] : [])
    let output = Pipe()
    process.standardOutput = output
    // When this program ends, however it does, so does the peer.
    process.standardInput = Pipe()
    try process.run()
    var line = ""
    while !line.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Failure("the peer does not start: apt-get install python3") }
      line += String(decoding: data, as: UTF8.self)
    }
    guard let port = Int(line.dropLast()) else { throw Failure("the peer said \(line)") }
    self.port = port
  }

  deinit {
    process.terminate()
    try? FileManager.default.removeItem(at: folder)
  }
}
