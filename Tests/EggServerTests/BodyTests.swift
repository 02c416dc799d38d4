import Foundation
import Testing

@Suite("Request bodies") struct BodyTests {
  private func chunked(_ chunks: String...) -> String {
    chunks.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
  }

  private let chunkedHead = "HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"

  @Test(arguments: [0, 1, 5000, 17_000, 70_000, 900_000])
  func `a body of any size arrives whole`(size: Int) throws {
    let server = try Shared.server()
    let body = String((0..<size).map { Character(Unicode.Scalar(UInt8(97 + $0 % 26))) })
    #expect(try server.post("/all", "", body).text == body)
    let client = try server.connect()
    try client.send("POST /all \(chunkedHead)\r\n")
    var rest = Substring(body)
    while !rest.isEmpty {
      let piece = rest.prefix(30_000)
      rest.removeFirst(piece.count)
      try client.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
    }
    try client.send("0\r\nX-Trailer: ignored\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().text == body)
    // Nothing of the trailers or chunks is left for the next request.
    #expect(try client.response().text == "hello")
  }

  @Test func `a body over the limit is 413 and the connection closes`() throws {
    let server = try Shared.server()
    let client = try server.connect()
    try client.send(
      "POST /all HTTP/1.1\r\nHost: a\r\nX-Limit: 10\r\nContent-Length: 200000\r\n\r\n")
    let response = try client.response()
    #expect(response.status == 413)
    #expect(response["connection"] == "close")
    let second = try server.connect()
    try second.send("POST /all \(chunkedHead)X-Limit: 10\r\n\r\n" + chunked("123456", "7890ab"))
    #expect(try second.response().status == 413)
    #expect(try second.isClosed())
    #expect(try server.post("/all", "X-Limit: 10\r\n", "1234567890").text == "1234567890")
  }

  @Test(arguments: [
    "x\r\n", "5;\u{1}\r\nabcde\r\n", "5\nabcde\r\n", "5\r\nabcdeX\r\n", "-1\r\n",
    "1000000000000000\r\n", "0\r\nbad trailer\r\n\r\n", "5 x\r\n", "\r\n",
  ])
  func `malformed chunks are refused and nothing behind them is a request`(chunks: String) throws {
    let client = try Shared.server().connect()
    try client.send("POST /all \(chunkedHead)\r\n\(chunks)GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    let response = try client.response()
    #expect([400, 413].contains(response.status))
    #expect(response["connection"] == "close")
    #expect(try client.isClosed())
  }

  @Test func `a body is read once`() throws {
    #expect(try Shared.server().post("/twice", "", "abc").text == "-5")
  }

  @Test func `a client that waits for 100 Continue gets it when the handler reads`() throws {
    let client = try Shared.server().connect()
    try client.send(
      "POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.response().status == 100)
    try client.send("abc")
    #expect(try client.response().text == "abc")
    // The body is there already: nothing to wait for.
    try client.send(
      "POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")
    #expect(try client.response().text == "abc")
  }

  @Test func `without a reader the final answer comes at once and the connection closes`() throws {
    let client = try Shared.server().connect()
    try client.send(
      "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    let response = try client.response()
    #expect(response.text == "ignored" && response["connection"] == "close")
    #expect(try client.isClosed())
  }

  @Test func `a short unread body is skipped, a long one closes`() throws {
    let server = try Shared.server()
    let short = try server.connect()
    try short.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n")
    #expect(try short.response().text == "ignored")
    try short.send(
      String(repeating: "GET ", count: 7500) + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try short.response().text == "hello")
    let long = try server.connect()
    try long.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\nabc")
    #expect(try long.response()["connection"] == "close")
    let chunks = try server.connect()
    try chunks.send("POST /ignore \(chunkedHead)\r\n" + chunked("abc"))
    #expect(try chunks.response()["connection"] == "close")
  }

  @Test func `a reader that stops after one piece does not disturb what follows`() throws {
    let client = try Shared.server().connect()
    try client.send("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nabcd")
    #expect(try client.response().text == "one piece is enough")
    try client.send("efghGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().text == "hello")
  }

  @Test func `an answer before the body has come ends the read`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    try client.send("POST /abandon HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nabcd")
    let response = try client.response()
    #expect(response.text == "abandoned" && response["connection"] == "close")
    try server.waitForCounters(["done": 1, "failed": 1])
  }

  @Test func `a slow reader slows the client down instead of filling memory`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    let before = try server.memory()
    let size = 40_000_000
    try client.send(
      "POST /some HTTP/1.1\r\nHost: a\r\nX-Delay: 40\r\nContent-Length: \(size)\r\n\r\n")
    let piece = [UInt8](repeating: 97, count: 1 << 20)
    var sent = 0
    for _ in 0..<40 {
      sent += max(0, client.sendSome(piece))
      usleep(5000)
    }
    #expect(sent < 20_000_000)
    #expect(try server.memory() - before < 30_000_000)
    client.reset()
    try server.waitForCounters(["failed": 1, "late": 0])
    try server.waitForFigures(["connections": 0, "active": 0, "held": 0])
  }

  @Test func `a body read piece by piece is complete`() throws {
    let server = try Shared.server()
    let body = (0..<50_000).map { "\($0)," }.joined()
    let sum = Array(body.utf8).reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }
    #expect(try server.post("/some", "", body).text == "\(body.utf8.count) bytes, sum \(sum)")
  }
}

@Suite("Parsed bodies") struct ParsedBodyTests {
  private func parse(_ type: String, _ body: String, _ more: String = "") throws -> Response {
    try Shared.server().post("/parsed", "Content-Type: \(type)\r\n\(more)", body)
  }

  @Test(arguments: [
    (
      #"{"a":1,"b":[true,null,"x"],"c":{"d":-2.5}}"#, #"{"a":1,"b":[true,null,"x"],"c":{"d":-2.5}}"#
    ),
    ("[]", "[]"), ("", "{}"), ("  \n", "{}"), (#"{"a":1,"a":2}"#, #"{"a":2}"#),
    (#"{"é":"\u00e9\ud83d\ude00"}"#, #"{"é":"é😀"}"#),
    ("[9223372036854775807]", "[9223372036854775807]"),
  ])
  func `JSON becomes a tree`(text: String, expected: String) throws {
    let response = try parse("application/json; charset=utf-8", text)
    #expect(response.text == expected)
    if !text.isEmpty { #expect(response["x-raw"] == "\(text.utf8.count)") }
  }

  @Test(arguments: [
    "{", "{\"a\"}", "[1,]", "{'a':1}", "[01]", "nul", "[1] x", "\"text\"", "7", "true",
    "[\"\u{1}\"]", "[\"\\x\"]", "[1e]", "[.5]", "{\"a\":1,}", "[1",
  ])
  func `malformed JSON is 400 with the place, and so is what strict mode excludes`(text: String)
    throws
  {
    let response = try parse("application/json", text, "Accept: application/json\r\n")
    #expect(response.status == 400)
    #expect(response.text.contains("EGG_BODY_MALFORMED"))
    #expect(response.text.contains("JSON"))
  }

  @Test func `nesting has a limit`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(try parse("application/json", deep).status == 400)
    #expect(
      try parse("application/json", deep.prefix(100) + String(repeating: "]", count: 100)).status
        == 200)
    let names = String(repeating: "[a]", count: 3000)
    #expect(try parse("application/x-www-form-urlencoded", "x\(names)=1").status == 200)
  }

  /// - Source: the examples of the `qs` documentation that co-body parses forms with.
  @Test(arguments: [
    ("a=1&b=2", #"{"a":"1","b":"2"}"#),
    ("a=1&a=2", #"{"a":["1","2"]}"#),
    ("a[]=1&a[]=2", #"{"a":["1","2"]}"#),
    ("a[b]=1&a[c][d]=2", #"{"a":{"b":"1","c":{"d":"2"}}}"#),
    ("a.b=1", #"{"a":{"b":"1"}}"#),
    ("a%5Bb%5D=x+y%21", #"{"a":{"b":"x y!"}}"#),
    ("a", #"{"a":""}"#), ("", "{}"), ("=1", "{}"), ("a=%zz", #"{"a":"%zz"}"#),
    ("__proto__[x]=1&b=2", #"{"b":"2"}"#),
    ("a[b][c][d][e][f][g]=1", #"{"a":{"b":{"c":{"d":{"e":{"f":{"[g]":"1"}}}}}}}"#),
    ("a[0]=x&a[1]=y", #"{"a":["x","y"]}"#),
    ("a[500]=x", #"{"a":{"500":"x"}}"#),
  ])
  func `forms become trees`(text: String, expected: String) throws {
    #expect(try parse("application/x-www-form-urlencoded", text).text == expected)
  }

  @Test func `a form with too many fields is 413`() throws {
    let text = (0..<1001).map { "a\($0)=1" }.joined(separator: "&")
    #expect(try parse("application/x-www-form-urlencoded", text).status == 413)
  }

  @Test func `text stays text`() throws {
    #expect(try parse("text/plain", "a=1").text == "\"a=1\"")
  }

  @Test func `other types and requests without a body pass`() throws {
    #expect(try parse("application/octet-stream", "abc").text == "{}")
    #expect(try parse("multipart/form-data; boundary=x", "abc").text == "{}")
    let response = try Shared.server().get(
      "/parsed", "Content-Type: application/json\r\n", method: "DELETE")
    #expect(response.text == "{}")
  }

  @Test func `limits are the configured ones`() throws {
    let server = try ServerProcess(
      #"{"bodyParser": {"jsonLimit": "100b", "formLimit": 50, "textLimit": "1kb", "strict": false}}"#
    )
    func send(_ type: String, _ size: Int) throws -> Response {
      try server.post(
        "/parsed", "Content-Type: \(type)\r\nAccept: application/json\r\n",
        type.contains("json")
          ? "\"" + String(repeating: "x", count: size - 2) + "\""
          : String(repeating: "x", count: size))
    }
    #expect(try send("application/json", 100).status == 200)
    let response = try send("application/json", 101)
    #expect(response.status == 413)
    #expect(response.text.contains("check bodyParser config"))
    #expect(try send("application/x-www-form-urlencoded", 51).status == 413)
    #expect(try send("text/plain", 1024).status == 200)
    #expect(try send("text/plain", 1025).status == 413)
  }

  @Test func `gzip and deflate are undone, up to the limit`() throws {
    // Made with `gzip` and zlib from {"a":1}.
    let gzip: [UInt8] = [
      0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0x02, 0x03, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x32, 0xac, 0x05,
      0,
      0xaf, 0xac, 0x1b, 0x56, 0x07, 0, 0, 0,
    ]
    let zlib: [UInt8] = [
      0x78, 0x9c, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x32, 0xac, 0x05, 0, 0x08, 0x2a, 0x02, 0x09,
    ]
    let server = try Shared.server()
    func send(_ coding: String, _ body: [UInt8]) throws -> Response {
      let client = try server.connect()
      try client.send(
        "POST /parsed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n"
      )
      try client.send(body)
      return try client.response()
    }
    #expect(try send("gzip", gzip).text == #"{"a":1}"#)
    #expect(try send("deflate", zlib).text == #"{"a":1}"#)
    #expect(try send("deflate", Array(zlib[2...].dropLast(4))).text == #"{"a":1}"#)
    #expect(try send("identity", Array(#"{"a":1}"#.utf8)).text == #"{"a":1}"#)
    #expect(try send("br", gzip).status == 415)
    #expect(try send("gzip", Array(gzip.dropLast(9))).status == 400)
    #expect(try send("gzip", Array("plain".utf8)).status == 400)
    #expect(try send("gzip", []).status == 200)
  }

  @Test func `a form may name the method that it means`() throws {
    let server = try Shared.server()
    let form = "Content-Type: application/x-www-form-urlencoded\r\n"
    #expect(try server.post("/seen", form, "_method=PUT&a=1").text.hasPrefix("PUT|"))
    #expect(
      try server.post("/seen", "X-HTTP-Method-Override: delete\r\n", "a").text.hasPrefix("DELETE|"))
    #expect(try server.post("/seen", form, "_method=EVIL").status == 400)
    #expect(try server.post("/seen", "", "_method=PUT").text.hasPrefix("POST|"))
  }
}
