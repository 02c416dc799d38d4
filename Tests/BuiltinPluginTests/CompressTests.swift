import Foundation
import Testing

/// - Source: RFC 9110 §8.4 (Content-Encoding), §8.8.1 (weak tags), §12.5.3, §12.5.5 (Vary); RFC 9111
///   §5.2.2.6 (no-transform).
@Suite("Compressed answers") struct CompressTests {
  private static let server = Result { try Server(plugins: ["compress"]) }

  /// The answer's head, and its body after `gzip -d` or `brotli -d`.
  private func get(
    _ target: String, _ accept: String? = "gzip, deflate, br", method: String = "GET",
    version: String = "1.1", fields: String = "", on server: Server? = nil
  ) throws -> (head: Answer, bytes: [UInt8]) {
    let connection = try Connection(server ?? Self.server.get())
    let field = accept.map { "Accept-Encoding: \($0)\r\n" } ?? ""
    try connection.send(
      "\(method) \(target) HTTP/\(version)\r\nHost: probe.test\r\nConnection: close\r\n"
        + "\(field)\(fields)\r\n")
    let all = Data(connection.bytes())
    let end = try #require(all.range(of: Data("\r\n\r\n".utf8)))
    let head = try Answer(String(decoding: all[..<end.upperBound], as: UTF8.self))
    var body = Data(all[end.upperBound...])
    if head["transfer-encoding"] == "chunked" { body = try whole(body) }
    if let coding = head["content-encoding"], ["gzip", "br"].contains(coding) {
      body = try unpack(body, coding == "br" ? "brotli" : "gzip")
    }
    return (head, Array(body))
  }

  /// The pieces of a chunked body; the last one has to be there.
  private func whole(_ chunks: Data) throws -> Data {
    var (rest, result) = (chunks[...], Data())
    while true {
      let end = try #require(rest.range(of: Data("\r\n".utf8)))
      let size = try #require(
        Int(String(decoding: rest[rest.startIndex..<end.lowerBound], as: UTF8.self), radix: 16))
      if size == 0 { return result }
      result += rest[end.upperBound..<(end.upperBound + size)]
      rest = rest[(end.upperBound + size + 2)...]
    }
  }

  private func unpack(_ data: Data, _ program: String, whole: Bool = true) throws -> Data {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try data.write(to: file)
    let unpacked = file.appendingPathExtension("unpacked")
    _ = FileManager.default.createFile(atPath: unpacked.path, contents: nil)
    defer { for file in [file, unpacked] { try? FileManager.default.removeItem(at: file) } }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, "-d", "-c"]
    process.standardInput = try FileHandle(forReadingFrom: file)
    if !whole { process.standardError = FileHandle.nullDevice }
    // A file and no pipe: children that start at the same time would hold its other end open.
    let output = try FileHandle(forWritingTo: unpacked)
    defer { try? output.close() }
    process.standardOutput = output
    try process.run()
    process.waitUntilExit()
    let result = try Data(contentsOf: unpacked)
    try #require(process.terminationStatus == 0 || !whole, "apt-get install gzip brotli")
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

  // MARK: files and streams

  /// HTTP/1.0 has no chunks, so the body ends with the connection.
  @Test(
    arguments: [
      "5000?piece=1000", "300000?piece=7", "3000000?piece=65536", "3000000?piece=900000",
    ],
    ["gzip", "br"])
  func `a stream comes out as it went in`(target: String, coding: String) throws {
    let size = try #require(Int(target.prefix { $0 != "?" }))
    let answer = try get(
      "/large/stream/\(target)&type=text/plain&etag=%22a%22", coding, version: "1.0")
    #expect(answer.head["content-encoding"] == coding)
    #expect(answer.head["vary"] == "Accept-Encoding")
    #expect(answer.head["etag"] == "W/\"a\"")
    #expect(answer.head["content-length"] == nil)
    #expect(answer.bytes == Array(String(repeating: "0123456789", count: size / 10).utf8))
  }

  @Test func `a stream stays as it is when its length, its type or the client says so`() throws {
    for target in ["/large/stream/500?length=500&type=text/plain", "/large/stream/5000"] {
      let answer = try get(target, version: "1.0")
      #expect(answer.head["content-encoding"] == nil)
      #expect(answer.bytes.count == Int(target.split(whereSeparator: { "/?".contains($0) })[2]))
    }
    let plain = try get("/large/stream/5000?length=5000&type=text/plain", nil)
    #expect(plain.head["content-length"] == "5000" && plain.bytes.count == 5000)
  }

  @Test func `over HTTP 1,1 it comes in chunks`() throws {
    let answer = try get("/large/stream/5000?length=5000&type=text/plain", method: "GET")
    #expect(answer.head["transfer-encoding"] == "chunked")
    #expect(answer.bytes.count == 5000)
    #expect(answer.head["content-length"] == nil)
  }

  /// The writer holds its second piece back until the test has read the first one.
  @Test func `what is written arrives before more is written`() throws {
    let server = try Server(plugins: ["compress"])
    let connection = try Connection(server)
    try connection.send(
      "GET /large/held/2000?type=text/plain HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
    var all = Data()
    let text = String(repeating: "0123456789", count: 200)
    while true {
      all += connection.some()
      guard let end = all.range(of: Data("\r\n\r\n".utf8)) else { continue }
      if try unpack(all[end.upperBound...], "gzip", whole: false) == Data(text.utf8) { break }
    }
    _ = try get("/large/release/0", on: server)
    all += connection.bytes()
    let end = try #require(all.range(of: Data("\r\n\r\n".utf8)))
    #expect(try unpack(all[end.upperBound...], "gzip") == Data((text + "the end").utf8))
  }

  @Test func `a stream that breaks off is not whole for the client`() throws {
    let connection = try Connection(Self.server.get())
    try connection.send(
      "GET /large/broken/90000?type=text/plain HTTP/1.1\r\nHost: a\r\n"
        + "Accept-Encoding: br\r\n\r\n")
    let text = String(decoding: connection.bytes(), as: UTF8.self)
    #expect(text.contains("Content-Encoding: br\r\n"))
    #expect(!text.hasSuffix("0\r\n\r\n"))
  }

  @Test(arguments: [2000, 1_500_000])
  func `a file comes out as it went in`(size: Int) throws {
    let path = NSTemporaryDirectory() + UUID().uuidString + ".txt"
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    for coding in ["gzip", "br"] {
      let answer = try get("/large/file/0?path=\(path)", coding, version: "1.0")
      #expect(answer.head["content-encoding"] == coding)
      #expect(answer.head["content-type"] == "text/plain; charset=utf-8")
      #expect(answer.bytes == bytes)
    }
    let whole = try get("/large/file/0?path=\(path)", nil)
    #expect(whole.head["content-length"] == "\(size)" && whole.bytes == bytes)
  }

  @Test func `who leaves in the middle leaves nothing behind`() throws {
    for _ in 0..<3 {
      let connection = try Connection(Self.server.get())
      try connection.send(
        "GET /large/stream/9000000?piece=90000&type=text/plain HTTP/1.1\r\nHost: a\r\n"
          + "Accept-Encoding: br\r\n\r\n")
      _ = connection.some()
    }
    #expect(try get("/large/text/2000").bytes.count == 2000)
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
    (#"{ "threshold": "1kb" }"#, "threshold"), (#"{ "flushDelay": 0 }"#, "flushDelay"),
  ])
  func `a wrong value refuses the start and names the key`(config: String, key: String) {
    let failure = #expect(throws: Failure.self) {
      _ = try Server(#"{ "compress": \#(config) }"#, plugins: ["compress"])
    }
    #expect(failure?.description.contains("config.compress.\(key): expected") == true)
  }
}
