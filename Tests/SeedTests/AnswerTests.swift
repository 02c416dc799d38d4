import Testing

@Suite("Answers through the kernel") struct AnswerTests {
  let seed: Serving

  init() throws { seed = try Serving.shared.get() }

  @Test(arguments: [
    ("/text", 200, "text/plain; charset=utf-8", "text"),
    ("/html", 200, "text/html; charset=utf-8", "<b>html</b>"),
    ("/json", 200, "application/json; charset=utf-8", #"{"a":1,"b":[true,null]}"#),
    ("/status", 418, "text/plain; charset=utf-8", "I'm a Teapot"),
    ("/file", 200, "text/plain; charset=utf-8", "hello file body\n"),
    ("/file/piece", 200, "text/plain; charset=utf-8", "file"),
    ("/stream", 200, "text/plain; charset=utf-8", "piece 1\npiece 2\npiece 3\npiece 4\npiece 5\n"),
  ])
  func `a body has status and type`(path: String, status: Int, type: String, body: String) throws {
    let answer = try seed.get(path)
    #expect(answer.status == status)
    #expect(answer["content-type"] == type)
    #expect(answer.body == body)
  }

  @Test func `bytes and nothing`() throws {
    let bytes = try seed.get("/bytes")
    #expect(bytes.bytes == [0, 255, 10])
    #expect(bytes["content-type"] == "application/octet-stream")
    let nothing = try seed.get("/nothing")
    #expect(nothing.status == 204)
    #expect(nothing.bytes.isEmpty)
    #expect(nothing["content-type"] == nil)
  }

  @Test func `a file that is not there is 404`() throws {
    let answer = try seed.get("/file/missing")
    #expect(answer.status == 404)
    #expect(!answer.body.contains("none.txt"))
  }

  @Test func `bodies are parsed by their type`() throws {
    func echo(_ type: String, _ body: String) throws -> Answer {
      try seed.ask("POST", "/body", ["Content-Type": type], body: body)
    }
    #expect(
      try echo("application/json", #"{"a":[1,{"b":null}]}"#).body
        == #"{"type":"application/json","body":{"a":[1,{"b":null}]}}"#)
    #expect(
      try echo("application/x-www-form-urlencoded", "a[b]=1&a[c][]=x&a[c][]=%C3%A9").body
        == #"{"type":"application/x-www-form-urlencoded","body":{"a":{"b":"1","c":["x","é"]}}}"#)
    #expect(try echo("text/plain", "words").body == #"{"type":"text/plain","body":"words"}"#)
    #expect(try echo("application/json", "{broken").status == 400)
    #expect(try echo("application/json", "\"strict\"").status == 400)
    let big = "[" + String(repeating: "1,", count: 600_000) + "1]"
    #expect(try echo("application/json", big).status == 413)
  }

  @Test func `a body is decoded as a type of the application`() throws {
    func send(_ body: String) throws -> Answer {
      try seed.ask("POST", "/decoded", ["Content-Type": "application/json"], body: body)
    }
    #expect(try send(#"{"title":"eggs","count":12}"#).body == "eggs x 12")
    let refused = try send(#"{"title":"eggs"}"#)
    #expect(refused.status == 422)
    #expect(refused.body.contains("\"count\" is missing"))
  }

  @Test func `an error is JSON for those who want JSON`() throws {
    let answer = try seed.get("/thrown", ["Accept": "application/json"])
    #expect(answer.status == 422)
    #expect(
      answer.body == #"{"message":"Validation Failed","code":"invalid_param","errors":["title"]}"#)
    #expect(answer["x-kept"] == "kept")
    #expect(answer["x-before"] == nil)
  }

  @Test func `an error is a page for browsers`() throws {
    let answer = try seed.get("/thrown", ["Accept": "text/html,*/*"])
    #expect(answer["content-type"] == "text/html; charset=utf-8")
    #expect(answer.body.contains("<h1>422 Validation Failed</h1>"))
  }

  @Test func `assert lets through or answers`() throws {
    #expect(try seed.get("/asserted").status == 403)
    #expect(try seed.get("/asserted?ok=1").status == 400)
    #expect(try seed.get("/asserted?ok=1&name=ada").body == "ada")
  }

  @Test func `in production nobody sees the message of a 500`() throws {
    let seed = try Serving(env: "prod")
    let answer = try seed.get("/broken", ["Accept": "application/json"])
    #expect(answer.status == 500)
    #expect(answer.body == #"{"message":"Internal Server Error"}"#)
    #expect(seed.end().log.contains("the secret of the server"))
  }

  @Test func `redirects stay on the site`() throws {
    let answer = try seed.get("/redirect?to=/html")
    #expect(answer.status == 302)
    #expect(answer["location"] == "/html")
    #expect(try seed.get("/redirect?to=//evil.example")["location"] == "/")
    #expect(try seed.get("/redirect?to=javascript:alert(1)")["location"] == "/")
  }

  @Test func `context, request and response have the unit's members`() throws {
    let answer = try seed.get("/extensions", ["User-Agent": "Mozilla (iPhone)"])
    #expect(
      answer.body == #"{"isIOS":true,"theme":"dark","isJSON":false,"#
        + #""state":"by a middleware","me":"hello, /extensions!"}"#)
    #expect(answer["cache-control"] == "no-store")
  }
}
