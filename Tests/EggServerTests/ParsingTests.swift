import Foundation
import Testing

@Suite("Requests on the wire") struct ParsingTests {
  /// - Source: RFC 9112 §2.2, §3, §5, §6; RFC 9110 §8.6, §7.2.
  @Test(arguments: [
    ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),
    ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400),
    ("Content-Length: 3\r\nContent-Length: 3\r\n", 400),
    ("Content-Length: 3\r\nContent-Length: 4\r\n", 400),
    ("Content-Length: 3, 3\r\n", 400),
    ("Content-Length: +3\r\n", 400),
    ("Content-Length: 0x3\r\n", 400),
    ("Content-Length: 99999999999999999999\r\n", 413),
    ("Transfer-Encoding: chunked, identity\r\n", 400),
    ("Transfer-Encoding: chunked, chunked\r\n", 400),
    ("Transfer-Encoding: gzip, chunked\r\n", 501),
    ("Transfer-Encoding: xchunked\r\n", 400),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
    ("Transfer-Encoding : chunked\r\n", 400),
    ("Transfer-Encoding:\u{B}chunked\r\n", 400),
    ("X-A: a\r\n b\r\n", 400),
    ("X-A: a\rb\r\n", 400),
    ("X-A: a\nX-B: b\r\n", 400),
    ("X-A: a\0b\r\n", 400),
    (": a\r\n", 400),
    ("X A: a\r\n", 400),
    ("Host: b\r\n", 400),
    ("Expect: something\r\n", 417),
  ])
  func `a head that another server might read differently is refused and the connection closed`(
    fields: String, status: Int
  ) throws {
    let client = try Shared.server().connect()
    try client.send(
      "POST /ignore HTTP/1.1\r\nHost: a\r\n\(fields)\r\nabcGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    let response = try client.response()
    #expect(response.status == status)
    #expect(response["connection"] == "close")
    #expect(try client.isClosed())
  }

  @Test(arguments: [
    ("GET /hello HTTP/1.1\r\n\r\n", 400),
    ("GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("GET /hello\r\n\r\n", 400),
    ("GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /he\u{7F}llo HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET http://user@a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("\u{16}\u{3}\u{1}", 400),
    ("GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("POST /ignore HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
  ])
  func `a request line that is not one is refused`(text: String, status: Int) throws {
    let client = try Shared.server().connect()
    try client.send(text)
    let response = try client.response()
    #expect(response.status == status)
    #expect(response["connection"] == "close")
    #expect(try client.isClosed())
  }

  @Test func `limits answer with the status that says which`() throws {
    let server = try Shared.server()
    let long = String(repeating: "a", count: 9000)
    #expect(try server.get("/\(long)").status == 414)
    #expect(try server.get("/hello", "X-A: \(long)\r\nX-B: \(long)\r\n").status == 431)
    let many = (0..<120).map { "X-\($0): a\r\n" }.joined()
    #expect(try server.get("/hello", many).status == 431)
    let method = try server.connect()
    try method.send("\(String(repeating: "A", count: 33)) / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try method.response().status == 501)
  }

  @Test func `a request is the same wherever the network splits it`() throws {
    let server = try Shared.server()
    let request = Array(
      "POST /all?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-B: c\r\n\r\nhello".utf8)
    // Every boundary, a connection each; the second half waits until the first was surely read.
    let clients = try (1..<request.count).map { split in
      let client = try server.connect()
      try client.send(Array(request[..<split]))
      return (split, client)
    }
    _ = try server.get("/hello")
    for (split, client) in clients {
      try client.send(Array(request[split...]))
      let response = try client.response()
      #expect(response.status == 200 && response.text == "hello", "split at \(split)")
    }
  }

  @Test func `a chunked request is the same wherever the network splits it`() throws {
    let server = try Shared.server()
    let request = Array(
      ("POST /some HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: t\r\n\r\n").utf8)
    let clients = try (1..<request.count).map { split in
      let client = try server.connect()
      try client.send(Array(request[..<split]))
      return (split, client)
    }
    _ = try server.get("/hello")
    let sum = Array("abcde".utf8).reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }
    for (split, client) in clients {
      try client.send(Array(request[split...]))
      #expect(try client.response().text == "5 bytes, sum \(sum)", "split at \(split)")
    }
  }

  @Test func `a byte at a time is a request too`() throws {
    let client = try Shared.server().connect()
    for byte in "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8 { try client.send([byte]) }
    #expect(try client.response().text == "hello")
  }

  @Test func `the target may be absolute, and its host wins`() throws {
    let client = try Shared.server().connect()
    try client.send("GET http://other:81/seen?a=b HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().text == "GET|/seen?a=b|/seen|a=b|other:81|11|0")
  }

  @Test func `a handler sees the request as it was sent`() throws {
    let client = try Shared.server().connect()
    try client.send("PUT /seen?a=%20b& HTTP/1.1\r\nHost: x:7\r\nContent-Length: 2\r\n\r\nab")
    #expect(try client.response().text == "PUT|/seen?a=%20b&|/seen|a=%20b&|x:7|11|2")
    try client.send("POST /seen HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    #expect(try client.response().text == "POST|/seen|/seen||x|11|-1")
  }
}

/// One server for tests that look at nothing but answers.
enum Shared {
  private static let started = Result { SendableServer(server: try ServerProcess()) }
  static func server() throws -> ServerProcess { try started.get().server }

  /// Its port is constant, and that is all that tests use of it.
  private struct SendableServer: @unchecked Sendable { let server: ServerProcess }
}
