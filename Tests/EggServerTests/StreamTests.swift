import Foundation
import Testing

@Suite("Bodies over time") struct StreamTests {
  @Test func `a stream comes in chunks, or with its length`() throws {
    let server = try ServerProcess()
    let chunked = try server.get("/stream/3/5")
    #expect(chunked.text == "sssssssssssssss" && chunked["transfer-encoding"] == "chunked")
    let known = try server.get("/stream/3/5", "X-Length: 15\r\n")
    #expect(known.text == "sssssssssssssss" && known["content-length"] == "15")
    let lent = try server.get("/stream/10/5000", "X-Lends: 1\r\n")
    #expect(lent.body.count == 50_000)
    #expect(try server.get("/stream/0/5").body.isEmpty)
    #expect(try server.get("/stream/2/0").body.isEmpty)
    try server.waitForCounters(["whole": 5, "cut": 0, "released": 10, "late": 0])
  }

  @Test func `the connection goes on after a stream`() throws {
    let client = try Shared.server().connect()
    let hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
    try client.send("GET /stream/50/3000 HTTP/1.1\r\nHost: a\r\n\r\n" + hello)
    #expect(try client.response().body.count == 150_000)
    #expect(try client.response().text == "hello")
  }

  @Test func `too much for the promised length is refused, too little cuts the connection`() throws
  {
    let server = try ServerProcess()
    #expect(try server.get("/stream-too-much").text == "0123456789")
    let client = try server.connect()
    try client.send("GET /stream/1/4 HTTP/1.1\r\nHost: a\r\nX-Length: 10\r\n\r\n")
    let text = try client.rest()
    #expect(text.contains("Content-Length: 10\r\n") && text.hasSuffix("\r\n\r\nssss"))
    try server.waitForCounters(["whole": 1, "cut": 1, "released": 1])
  }

  @Test func `an aborted stream is a cut connection`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    try client.send("GET /stream/1/4 HTTP/1.1\r\nHost: a\r\nX-Aborts: 1\r\n\r\n")
    #expect(try client.rest().hasSuffix("4\r\nssss\r\n"))
    try server.waitForCounters(["whole": 0, "cut": 1, "late": 0])
    try server.waitForFigures(["streams": 0, "connections": 0, "active": 0])
  }

  @Test func `a replaced stream never starts and is told`() throws {
    let server = try ServerProcess()
    #expect(try server.get("/stream-replaced").text == "replaced")
    #expect(try server.get("/stream/3/5", method: "HEAD").status == 200)
    try server.waitForCounters(["cut": 2, "whole": 0])
  }

  @Test(arguments: ["", "X-Lends: 1\r\n"])
  func `a slow reader makes the producer wait, with bounded memory`(fields: String) throws {
    let server = try ServerProcess()
    let client = try Client(port: server.port, receiveBuffer: 8192)
    let before = try server.memory()
    try client.send("GET /stream/1000/60000 HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    usleep(100_000)
    #expect(try server.memory() - before < 20_000_000)
    let counters = try server.counters()
    #expect(counters["again"]! > 0 && counters["whole"] == 0)
    // Others are served meanwhile.
    #expect(try server.get("/hello").text == "hello")
    #expect(try client.response().body.count == 60_000_000)
    try server.waitForCounters(["whole": 1, "cut": 0, "late": 0])
    let after = try server.counters()
    #expect(after["writable"] == after["again"])
  }

  @Test func `a fast reader of an endless stream leaves time for others`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    try client.send("GET /stream/100000000/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    let reader = Reader(client)
    for _ in 0..<20 { #expect(try server.get("/hello").text == "hello") }
    reader.stop()
    try server.waitForCounters(["cut": 1])
  }

  @Test func `a quiet stream is not cut for writing nothing`() throws {
    let server = try ServerProcess(#"{"http": {"writeTimeout": 150}}"#)
    let client = try server.connect()
    try client.send("GET /stream/1/3 HTTP/1.1\r\nHost: a\r\nX-Holds: 1\r\n\r\n")
    try client.receive()
    usleep(500_000)
    #expect(try server.figures()["streams"] == 1)
    client.reset()
    try server.waitForCounters(["cut": 1])
  }

  @Test func `payloads are released once, whatever becomes of them`() throws {
    let server = try ServerProcess()
    #expect(try server.get("/payload/100").body.count == 100)
    #expect(try server.get("/payload/0").body.isEmpty)
    #expect(try server.get("/payload/3000000").body.count == 3_000_000)
    try server.waitForCounters(["released": 3])
    #expect(try server.get("/payload/9000", method: "HEAD").body.isEmpty)
    try server.waitForCounters(["released": 4])
    #expect(try server.get("/payload-replaced").text.hasPrefix("dddd"))
    try server.waitForCounters(["released": 8])
    #expect(try server.get("/payload-then-failure").status == 500)
    #expect(try server.get("/payload-without-body").status == 204)
    try server.waitForCounters(["released": 10])
    let client = try Client(port: server.port, receiveBuffer: 8192)
    try client.send("GET /payload/50000000 HTTP/1.1\r\nHost: a\r\n\r\n")
    try client.receive()
    client.reset()
    try server.waitForCounters(["released": 11])
  }

  @Test func `a release may write the next piece`() throws {
    let server = try ServerProcess()
    #expect(try server.get("/stream-chained/500").body.count == 500 * 8192)
    try server.waitForCounters(["released": 500, "whole": 1])
    let client = try server.connect()
    try client.send("GET /stream-chained/100000 HTTP/1.1\r\nHost: a\r\n\r\n")
    try client.receive()
    client.reset()
    try server.waitForFigures(["streams": 0, "active": 0, "connections": 0])
  }

  @Test func `files are sent in whole and in pieces`() throws {
    let server = try ServerProcess()
    let path = server.folder.appendingPathComponent("file.txt").path
    let text = (0..<300_000).map { "\($0)\n" }.joined()
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let name = "X-Path: \(path)\r\n"
    let whole = try server.get("/file", name)
    #expect(whole.text == text && whole["content-type"] == "application/octet-stream")
    #expect(try server.get("/file", name + "X-Offset: 2\r\nX-Length: 5\r\n").text == "1\n2\n3")
    #expect(try server.get("/file", name + "X-Length: 0\r\n").body.isEmpty)
    #expect(try server.get("/file", name + "X-Length: 999999999\r\n").body.count == text.utf8.count)
    #expect(try server.get("/file", name + "X-Offset: 999999999\r\n").text == "refused")
    #expect(try server.get("/file", "X-Path: \(path)x\r\n").text == "refused")
    #expect(try server.get("/file", "X-Path: /tmp\r\n").text == "refused")
    #expect(try server.get("/file", name, method: "HEAD")["content-length"] == "\(text.utf8.count)")
    // No descriptor is left open.
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.identifier)/fd")
    let targets = open.compactMap {
      try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(server.identifier)/fd/\($0)")
    }
    #expect(!targets.contains(path))
  }

  @Test func `an empty file is answered without delay`() throws {
    let server = try ServerProcess()
    let path = server.folder.appendingPathComponent("empty").path
    try "".write(toFile: path, atomically: true, encoding: .utf8)
    _ = try server.get("/hello")
    let start = Date()
    #expect(try server.get("/file", "X-Path: \(path)\r\n").status == 200)
    // Data held back for a file that has none would come after 200 ms.
    #expect(Date().timeIntervalSince(start) < 0.15)
  }

  @Test func `a file that gets shorter cuts the connection`() throws {
    let server = try ServerProcess()
    let path = server.folder.appendingPathComponent("file").path
    try Data(count: 30_000_000).write(to: URL(fileURLWithPath: path))
    let client = try Client(port: server.port, receiveBuffer: 8192)
    try client.send("GET /file HTTP/1.1\r\nHost: a\r\nX-Path: \(path)\r\n\r\n")
    try client.receive()
    truncate(path, 1000)
    #expect(try client.rest().utf8.count < 30_000_000)
    #expect(server.isRunning)
    #expect(try server.get("/hello").text == "hello")
  }

  // MARK: taken by another layer

  @Test func `a layer reads the stream of another`() throws {
    let server = try ServerProcess()
    let chunked = try server.get("/stream-taken/3/5")
    #expect(chunked.text == "sssssssssssssss" && chunked["transfer-encoding"] == "chunked")
    let known = try server.get("/stream-taken/3/5", "X-Length: 15\r\n")
    #expect(known.text == "sssssssssssssss" && known["content-length"] == "15")
    let lent = try server.get("/stream-taken/10/5000", "X-Lends: 1\r\n")
    #expect(lent.body.count == 50_000)
    #expect(try server.get("/stream-taken/0/5").body.isEmpty)
    #expect(try server.get("/stream-taken/3/5", method: "HEAD").status == 200)
    try server.waitForCounters(["whole": 4, "cut": 1, "released": 10, "late": 0])
    try server.waitForFigures(["streams": 0])
  }

  @Test func `a taken stream that ends early is cut for the client too`() throws {
    let server = try ServerProcess()
    let aborted = try server.connect()
    try aborted.send("GET /stream-taken/1/4 HTTP/1.1\r\nHost: a\r\nX-Aborts: 1\r\n\r\n")
    #expect(try aborted.rest().hasSuffix("4\r\nssss\r\n"))
    let short = try server.connect()
    try short.send("GET /stream-taken/1/4 HTTP/1.1\r\nHost: a\r\nX-Length: 10\r\n\r\n")
    #expect(try short.rest().hasSuffix("\r\n\r\nssss"))
    try server.waitForCounters(["whole": 0, "cut": 2, "late": 0])
    try server.waitForFigures(["streams": 0, "connections": 0, "active": 0])
  }

  @Test func `a slow reader makes the producer of a taken stream wait`() throws {
    let server = try ServerProcess()
    let client = try Client(port: server.port, receiveBuffer: 8192)
    let before = try server.memory()
    try client.send("GET /stream-taken/1000/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    usleep(100_000)
    #expect(try server.memory() - before < 20_000_000)
    #expect(try client.response().body.count == 60_000_000)
    try server.waitForCounters(["whole": 1, "late": 0])
  }

  @Test func `a layer reads the file of another`() throws {
    let path = NSTemporaryDirectory() + UUID().uuidString
    try "0123456789".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let server = try Shared.server()
    #expect(
      try server.get("/file-taken", "X-Path: \(path)\r\nX-Offset: 2\r\nX-Length: 5\r\n").text
        == "23456")
  }
}

/// Reads and throws away on a thread of its own.
final class Reader: @unchecked Sendable {
  private let client: Client
  private let done = DispatchSemaphore(value: 0)
  private let lock = NSLock()
  private var isStopped = false

  init(_ client: Client) {
    self.client = client
    Thread.detachNewThread { [self] in
      while !lock.withLock({ isStopped }), (try? client.skip()) == true {}
      client.reset()
      done.signal()
    }
  }

  func stop() {
    lock.withLock { isStopped = true }
    done.wait()
  }
}
