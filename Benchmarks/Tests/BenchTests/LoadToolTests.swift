import Foundation
import Testing

@testable import bench

@Suite("Load tools") struct LoadToolTests {
  struct Output: Decodable {
    let requests: Int
    let errors: Int
    let non2xx: Int
    let reconnects: Int
    let p50Us: Double
    let firstError: String?
  }

  /// The tools, compiled once for all tests of a run.
  static let folder: Result<String, any Error> = Result {
    let folder = NSTemporaryDirectory() + "bench-tests-\(getpid())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../load").standardized.path
    for tool in ["eggload", "epoll_baseline"] {
      guard let compiler = Place.find("cc") else { throw BenchError("install a C compiler") }
      let child = try Child(
        [
          compiler, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined",
          "-fno-sanitize-recover", "-o", "\(folder)/\(tool)", "\(sources)/\(tool).c",
        ],
        log: folder + "/log")
      guard child.wait() == 0 else {
        throw BenchError(readSmallFile(folder + "/log") ?? "no compiler output")
      }
    }
    return folder
  }

  private func load(_ port: Int, _ arguments: [String]) throws -> Output {
    let child = try Child(
      [Self.folder.get() + "/eggload", "--port", String(port), "--connections", "1"] + arguments,
      log: Self.folder.get() + "/eggload.log", piped: true)
    let text = child.output?.readDataToEndOfFile() ?? Data()
    #expect(child.wait() == 0)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Output.self, from: text)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\ncontent-length:5\r\nX-Empty:\r\n\r\n\r\n\r\nx",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
      + "A;x=y\r\n0123456789\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: t\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
  ])
  func `an answer ends where HTTP says`(bytes: String) throws {
    let server = CannedServer { _ in .init(bytes: bytes) }
    defer { server.stop() }
    let output = try load(server.port, ["--requests", "5"])
    #expect(output.requests == 5)
    #expect(output.errors == 0)
    #expect(output.non2xx == 0)
    #expect(output.reconnects == 0)
    #expect(server.count == 5)
  }

  @Test(arguments: [
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
    "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
  ])
  func `an answer that is not 2xx is counted`(bytes: String) throws {
    let server = CannedServer { _ in .init(bytes: bytes) }
    defer { server.stop() }
    let output = try load(server.port, ["--requests", "5"])
    #expect(output.requests == 5)
    #expect(output.non2xx == 5)
    #expect(output.errors == 0)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\n\r\neverything until the end",
    "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
  ])
  func `a connection that the server ends is opened again`(bytes: String) throws {
    let server = CannedServer { _ in .init(bytes: bytes, closes: true) }
    defer { server.stop() }
    let output = try load(server.port, ["--requests", "5"])
    #expect(output.requests == 5)
    #expect(output.errors == 0)
    #expect(output.reconnects == 5)
  }

  @Test(arguments: [
    ("", "closed before all answers"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "closed before all answers"),
    ("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "malformed answer"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "malformed answer"),
    ("garbage\r\nthat is long enough\r\n\r\n", "malformed answer"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed chunk size"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n", "malformed chunk"),
  ])
  func `a broken answer is an error`(bytes: String, error: String) throws {
    let server = CannedServer { _ in .init(bytes: bytes, closes: true) }
    defer { server.stop() }
    let output = try load(server.port, ["--requests", "3"])
    #expect(output.requests == 0)
    #expect(output.errors == 3)
    #expect(output.firstError == error)
  }

  @Test func `pipelined requests are each answered, the last batch is smaller`() throws {
    let server = CannedServer { _ in
      .init(bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    defer { server.stop() }
    let output = try load(server.port, ["--requests", "7", "--pipeline", "3"])
    #expect(output.requests == 7)
    #expect(output.errors == 0)
    #expect(server.count == 7)
  }

  @Test func `at a fixed rate those who wait for a stalled server are counted as waiting`() throws {
    // One answer takes 0.3 s; the other 19 of 20 requests were due within 0.2 s and wait behind it. A
    // generator that omits them would call half of its answers fast.
    let server = CannedServer { index in
      .init(
        bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", delay: index == 0 ? 300_000 : 0)
    }
    defer { server.stop() }
    let output = try load(server.port, ["--requests", "20", "--rate", "100"])
    #expect(output.requests == 20)
    #expect(output.p50Us > 50_000)
  }

  @Test func `the baseline answers each blank line, however the bytes arrive`() throws {
    let port = try Probe.freePort()
    let child = try Child(
      [Self.folder.get() + "/epoll_baseline", String(port)], log: Self.folder.get() + "/base.log")
    defer { Descendants.end(child.id, patience: 0) }
    var probe: Probe?
    for _ in 0..<100_000 where probe == nil { probe = Probe(port: port) }
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    for split in 1..<request.utf8.count {
      // By bytes: "\r\n" is one Character.
      try #require(probe).send(String(decoding: request.utf8.prefix(split), as: UTF8.self))
      try #require(probe).send(String(decoding: request.utf8.dropFirst(split), as: UTF8.self))
      #expect(try #require(probe).receive()?.text == "Hello, World!")
    }
    try #require(probe).send(request + request + request)
    for _ in 0..<3 { #expect(try #require(probe).receive()?.text == "Hello, World!") }
  }
}
