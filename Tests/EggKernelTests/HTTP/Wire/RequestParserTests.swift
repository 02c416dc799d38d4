import Testing

@testable import EggKernel

@Suite("Request parser") struct RequestParserTests {
  @Test func `pipelined requests are parsed one after the other`() throws {
    let texts = [
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", "POST /22 HTTP/1.1\r\nHost: b\r\nX: 1\r\n\r\n",
    ]
    let bytes = Array((texts[0] + texts[1] + texts[0]).utf8)
    let fields = HeaderTable()
    var parser = RequestParser()
    var at = 0
    var seen: [String] = []
    bytes.withUnsafeBufferPointer { buffer in
      while at < bytes.count {
        let start = buffer.baseAddress! + at
        guard
          case .complete(let length) = parser.parse(start, count: bytes.count - at, into: fields)
        else {
          Issue.record("not complete at \(at)")
          return
        }
        seen.append(parser.head.path.string(in: start) + " \(parser.head.headerCount)")
        at += length
      }
    }
    #expect(seen == ["/1 1", "/22 2", "/1 1"])
  }

  @Test func `a request line up to the limit is taken and one byte more is 414`() {
    let limits = RequestLimits(requestLine: 30)
    let fits = "GET /" + String(repeating: "a", count: 16) + " HTTP/1.1"
    #expect(fits.utf8.count == 30)
    let good = ParsedRequest(fits + "\r\nHost: x\r\n\r\n", limits: limits)
    #expect(good.outcome == .complete(headLength: good.count))
    let long = "GET /" + String(repeating: "a", count: 17) + " HTTP/1.1\r\nHost: x\r\n\r\n"
    let bad = Array(long.utf8)
    #expect(ParsedRequest(bad, limits: limits).outcome == .refused(.requestLineTooLong))
    let slow = ParsedRequest(bad, cuts: Array(0..<bad.count), limits: limits)
    #expect(slow.outcome == .refused(.requestLineTooLong))
    #expect(RequestRefusal.requestLineTooLong.status == 414)
  }

  @Test func `an endless target is refused as soon as it is over the limit`() {
    let bytes = Array(("GET /" + String(repeating: "a", count: 9000)).utf8)
    #expect(ParsedRequest(bytes).outcome == .refused(.requestLineTooLong))
    let slow = ParsedRequest(bytes, cuts: Array(1..<bytes.count))
    #expect(slow.outcome == .refused(.requestLineTooLong))
    #expect(ParsedRequest(Array(bytes[..<8000])).outcome == .needMore)
  }

  @Test func `header bytes up to the limit are taken and one byte more is 431`() {
    let limits = RequestLimits(headerBytes: 40)
    let line = "GET / HTTP/1.1\r\n"
    let host = "Host: x\r\n"
    let fits = "A: " + String(repeating: "b", count: 26) + "\r\n"
    #expect((host + fits).utf8.count == 40)
    #expect(
      ParsedRequest(line + host + fits + "\r\n", limits: limits).outcome
        == .complete(headLength: line.utf8.count + 42))
    let bad = Array((line + host + "A: " + String(repeating: "b", count: 27) + "\r\n\r\n").utf8)
    #expect(ParsedRequest(bad, limits: limits).outcome == .refused(.headersTooLarge))
    let slow = ParsedRequest(bad, cuts: Array(0..<bad.count), limits: limits)
    #expect(slow.outcome == .refused(.headersTooLarge))
    #expect(RequestRefusal.headersTooLarge.status == 431)
  }

  @Test func `an endless header is refused as soon as it is over the limit`() {
    let text = "GET / HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "b", count: 17_000)
    #expect(ParsedRequest(text).outcome == .refused(.headersTooLarge))
  }

  @Test func `as many fields as the table holds are taken and one more is 431`() {
    let line = "GET / HTTP/1.1\r\nHost: x\r\n"
    let four = String(repeating: "A: b\r\n", count: 4)
    #expect(ParsedRequest(line + four + "\r\n", fields: 5).head.headerCount == 5)
    let bad = ParsedRequest(line + four + "A: b\r\n\r\n", fields: 5)
    #expect(bad.outcome == .refused(.tooManyHeaders))
    #expect(RequestRefusal.tooManyHeaders.status == 431)
  }

  @Test func `extreme limits neither trap nor refuse everything`() {
    let limits = RequestLimits(requestLine: .max, headerBytes: .max, leadingEmptyLines: .max)
    #expect(ParsedRequest("GET / HT", limits: limits).outcome == .needMore)
    #expect(ParsedRequest("GET / HTTP/1.1\r\nHo", limits: limits).outcome == .needMore)
    let none = RequestLimits(requestLine: 0, headerBytes: 0, leadingEmptyLines: 0)
    #expect(ParsedRequest("GET / HT", limits: none).outcome == .refused(.requestLineTooLong))
  }

  @Test func `a content length over the limit is 413`() {
    let limits = RequestLimits(contentLength: 10)
    let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
    #expect(ParsedRequest(text + "10\r\n\r\n", limits: limits).head.framing == .contentLength(10))
    let bad = ParsedRequest(text + "11\r\n\r\n", limits: limits)
    #expect(bad.outcome == .refused(.contentTooLarge))
    #expect(RequestRefusal.contentTooLarge.status == 413)
  }

  @Test func `the largest content length is 2^63 - 1`() {
    let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n"
    #expect(ParsedRequest(text).head.framing == .contentLength(9_223_372_036_854_775_807))
  }

  @Test func `raw UTF-8 in the target is taken only when allowed`() {
    let text = "GET /用户?q=é HTTP/1.1\r\nHost: x\r\n\r\n"
    #expect(ParsedRequest(text).outcome == .refused(.invalidTargetByte))
    let allowed = ParsedRequest(text, limits: RequestLimits(allowsRawBytesInTarget: true))
    #expect(allowed.fact("path") == "/用户")
    #expect(allowed.fact("query") == "q=é")
  }

  @Test(arguments: [
    ("HTTP/1.1", "", true), ("HTTP/1.1", "close", false), ("HTTP/1.1", "keep-alive", true),
    ("HTTP/1.1", "keep-alive, close", false), ("HTTP/1.0", "", false),
    ("HTTP/1.0", "keep-alive", true), ("HTTP/1.0", "keep-alive, close", false),
    ("HTTP/1.1", "closed", true), ("HTTP/1.9", "", true),
  ])
  func `the connection is kept as RFC 9112 §9.3 says`(version: String, field: String, kept: Bool) {
    let connection = field.isEmpty ? "" : "Connection: \(field)\r\n"
    let request = ParsedRequest("GET / \(version)\r\nHost: x\r\n\(connection)\r\n")
    #expect(request.outcome == .complete(headLength: request.count))
    #expect(request.head.keepAlive == kept)
  }

  @Test func `connection options of several lines count together`() {
    let text = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nConnection: ,close ,\r\n"
    let request = ParsedRequest(text + "Upgrade: h2c\r\n\r\n")
    #expect(!request.head.keepAlive)
    #expect(request.head.wantsUpgrade)
  }

  @Test func `an upgrade wants both headers and HTTP 1.1`() {
    let only = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"
    #expect(!ParsedRequest(only).head.wantsUpgrade)
    let option = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n\r\n"
    #expect(!ParsedRequest(option).head.wantsUpgrade)
    let old = "GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
    #expect(!ParsedRequest(old).head.wantsUpgrade)
  }

  @Test func `100-continue counts with a body and HTTP 1.1 only`() {
    let fields = "Host: x\r\nExpect: 100-continue\r\n"
    let body = "Content-Length: 1\r\n"
    #expect(ParsedRequest("PUT / HTTP/1.1\r\n\(fields)\(body)\r\n").head.expectContinue)
    #expect(!ParsedRequest("PUT / HTTP/1.1\r\n\(fields)\r\n").head.expectContinue)
    #expect(!ParsedRequest("PUT / HTTP/1.0\r\n\(fields)\(body)\r\n").head.expectContinue)
  }

  @Test func `what cannot become a version is refused before more arrives`() {
    #expect(ParsedRequest("GET / HTTP\r\n").outcome == .refused(.invalidVersion))
    #expect(ParsedRequest("GET / HTTP/1.1\r").outcome == .needMore)
  }

  @Test func `the offset of a refusal points at the byte`() {
    let request = ParsedRequest("GET / HTTP/1.1\r\nHost: x\r\nA: b\u{1}\r\n\r\n")
    #expect(request.outcome == .refused(.invalidFieldValue))
    #expect(request.parser.refusalOffset == 29)
  }

  @Test func `a parser and its table are used again without a trace`() {
    let fields = HeaderTable()
    var parser = RequestParser()
    func parse(_ text: String) -> ParseOutcome {
      let bytes = Array(text.utf8)
      return bytes.withUnsafeBytes { parser.parse($0, into: fields) }
    }
    _ = parse("POST /a?b HTTP/1.0\r\nHost: x\r\nContent-Length: 3\r\nA: 1\r\n\r\n")
    #expect(parser.head.framing == .contentLength(3))
    #expect(parse("GET /c HTT") == .needMore)
    #expect(parse("GET /c HTTP/1.1\r\nHost: x\r\n\r\n") == .complete(headLength: 28))
    #expect(parser.head.framing == .none)
    #expect(!parser.head.hasContentLength)
    #expect(!parser.head.hasQuery)
    #expect(parser.head.keepAlive)
    #expect(fields.count == 1)
  }
}
