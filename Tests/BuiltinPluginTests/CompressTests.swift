import Foundation
import Testing

/// - Source: RFC 9110 §8.4 (Content-Encoding), §8.8.1 (weak tags), §12.5.3, §12.5.5 (Vary); RFC 9111
///   §5.2.2.6 (no-transform).
@Suite("Compressed answers") struct CompressTests {
  private static let server = Result { try Server(plugins: ["compress"]) }

  /// The answer's head, and its body after `gzip -d` or `brotli -d`.
  private func get(
    _ target: String, _ accept: String? = "gzip, deflate, br", method: String = "GET",
    on server: Server? = nil
  ) throws -> (head: Answer, bytes: [UInt8]) {
    let connection = try Connection(server ?? Self.server.get())
    let field = accept.map { "Accept-Encoding: \($0)\r\n" } ?? ""
    try connection.send(
      "\(method) \(target) HTTP/1.1\r\nHost: probe.test\r\nConnection: close\r\n\(field)\r\n")
    let all = Data(connection.bytes())
    let end = try #require(all.range(of: Data("\r\n\r\n".utf8)))
    let head = try Answer(String(decoding: all[..<end.upperBound], as: UTF8.self))
    var body = all[end.upperBound...]
    if let coding = head["content-encoding"], ["gzip", "br"].contains(coding) {
      body = try unpack(body, coding == "br" ? "brotli" : "gzip")
    }
    return (head, Array(body))
  }

  private func unpack(_ data: Data, _ program: String) throws -> Data {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try data.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, "-d", "-c"]
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let result = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "apt-get install gzip brotli")
    return result
  }

  @Test(arguments: ["text", "json", "html"], [2000, 60_000, 500_000])
  func `text comes out as it went in`(kind: String, size: Int) throws {
    for (accept, coding) in [("gzip, deflate, br", "br"), ("gzip", "gzip")] {
      let answer = try get("/large/\(kind)/\(size)", accept)
      #expect(answer.head["content-encoding"] == coding)
      #expect(answer.head["vary"] == "Accept-Encoding")
      #expect(try #require(Int(answer.head["content-length"] ?? "")) < size / 4)
      let text = String(repeating: "0123456789", count: size / 10)
      let (expected, type) =
        switch kind {
        case "json": (#"{"text":""# + text + #""}"#, "application/json; charset=utf-8")
        case "html": ("<p>" + text, "text/html; charset=utf-8")
        default: (text, "text/plain; charset=utf-8")
        }
      #expect(answer.bytes == Array(expected.utf8))
      #expect(answer.head["content-type"] == type)
    }
  }

  @Test(arguments: [
    "/large/text/1000", "/large/bytes/2000", "/large/text/2000?type=image/png",
    "/large/text/2000?type=text/event-stream", "/large/text/2000?status=206",
    "/large/text/2000?cache-control=public,%20No-Transform",
    "/large/text/2000?content-encoding=zstd",
    "/large/text/2000?content-range=bytes%200-1999/4000",
  ])
  func `some answers stay as they are`(target: String) throws {
    let answer = try get(target)
    #expect(!["gzip", "br"].contains(answer.head["content-encoding"]))
    #expect(answer.head["content-length"] == "\(answer.bytes.count)")
  }

  @Test func `who does not ask gets the same, and caches are told`() throws {
    for accept in [nil, "identity", "br;q=0, gzip;q=0"] {
      let answer = try get("/large/text/2000", accept)
      #expect(answer.head["content-encoding"] == nil)
      #expect(answer.head["vary"] == "Accept-Encoding")
      #expect(answer.bytes.count == 2000)
    }
  }

  @Test func `a head is that of the whole`() throws {
    let answer = try get("/large/text/2000", method: "HEAD")
    #expect(answer.head["content-encoding"] == nil)
    #expect(answer.head["content-length"] == "2000")
  }

  @Test func `a strong tag becomes weak`() throws {
    #expect(try get("/large/text/2000?etag=%22a%22").head["etag"] == "W/\"a\"")
    #expect(try get("/large/text/2000?etag=W/%22a%22").head["etag"] == "W/\"a\"")
    #expect(try get("/large/text/2000?etag=%22a%22", nil).head["etag"] == "\"a\"")
  }

  @Test func `what else the answer depends on is kept`() throws {
    #expect(try get("/large/text/2000?vary=Origin").head["vary"] == "Origin, Accept-Encoding")
    #expect(try get("/large/text/2000?vary=accept-encoding").head["vary"] == "accept-encoding")
  }

  @Test func `bytes of a type that is text are compressed`() throws {
    let answer = try get("/large/bytes/2000?type=application/problem%2Bjson")
    #expect(answer.head["content-encoding"] == "br")
    #expect(answer.bytes.count == 2000)
  }

  @Test func `the configuration says what is made and from which size on`() throws {
    let server = try Server(
      #"""
      { "compress": { "encodings": ["gzip"], "threshold": 10, "types": ["application/x-mine"] } }
      """#, plugins: ["compress"])
    let small = try get("/large/text/50", on: server)
    #expect(small.head["content-encoding"] == "gzip")
    #expect(small.bytes.count == 50)
    let own = try get("/large/text/50?type=application/x-mine", on: server)
    #expect(own.head["content-encoding"] == "gzip")
  }

  @Test(arguments: [
    (#"{ "encodings": ["zip"] }"#, "encodings"), (#"{ "gzip": { "level": 10 } }"#, "gzip.level"),
    (#"{ "threshold": "1kb" }"#, "threshold"),
  ])
  func `a wrong value refuses the start and names the key`(config: String, key: String) {
    let failure = #expect(throws: Failure.self) {
      _ = try Server(#"{ "compress": \#(config) }"#, plugins: ["compress"])
    }
    #expect(failure?.description.contains("config.compress.\(key): expected") == true)
  }
}
