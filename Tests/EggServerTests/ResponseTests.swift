import Foundation
import Testing

@Suite("Responses") struct ResponseTests {
  /// - Source: Koa, `respond` and `response.body=`.
  @Test func `status and body complete each other`() throws {
    let server = try Shared.server()
    func get(_ path: String, _ fields: String = "") throws -> Response {
      try server.get(path, fields)
    }
    #expect(try get("/status/0").status == 404)
    #expect(try get("/status/0", "X-Body: text\r\n").status == 200)
    #expect(try get("/status/0", "X-Body: null\r\n").status == 204)
    let only = try get("/status/403")
    #expect(only.status == 403 && only.text == "Forbidden")
    #expect(only["content-type"] == "text/plain; charset=utf-8")
    #expect(try get("/status/599").text == "599")
    let both = try get("/status/404", "X-Body: text\r\n")
    #expect(both.status == 404 && both.text == "a body")
    let empty = try get("/status/200", "X-Body: null\r\n")
    #expect(empty.status == 200 && empty["content-length"] == "0")
  }

  @Test(arguments: [204, 304])
  func `statuses without a body have none, nor fields of one`(code: Int) throws {
    let client = try Shared.server().connect()
    try client.send(
      "GET /status/\(code) HTTP/1.1\r\nHost: a\r\nX-Body: text\r\nX-Length: 6\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    let response = try client.response()
    #expect(response.status == code)
    #expect(response["content-type"] == nil && response["content-length"] == nil)
    #expect(try client.response().text == "hello")
  }

  @Test func `a length that a layer stated is never taken for the body's`() throws {
    let client = try Shared.server().connect()
    let next = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
    for body in ["text", "null"] {
      try client.send(
        "GET /status/200 HTTP/1.1\r\nHost: a\r\nX-Body: \(body)\r\nX-Length: 100\r\n\r\n" + next)
      #expect(try client.response()["content-length"] == (body == "text" ? "6" : "0"))
      #expect(try client.response().text == "hello")
    }
    // HEAD may say what GET would.
    let head = try Shared.server().get(
      "/status/200", "X-Body: null\r\nX-Length: 100\r\n", method: "HEAD")
    #expect(head["content-length"] == "100")
  }

  @Test func `a status that is not final is not sent as an answer`() throws {
    #expect(try Shared.server().get("/status/101", "X-Body: text\r\n").status == 500)
  }

  @Test(arguments: [
    ("json", 200, "application/json; charset=utf-8", #"{"a":1}"#),
    ("html", 200, "text/html; charset=utf-8", " <p>x</p>"),
    ("text", 200, "text/plain; charset=utf-8", "x"),
    ("bytes", 200, "application/octet-stream", "x"),
    ("empty", 200, "text/plain; charset=utf-8", ""),
    ("null", 204, nil, ""),
  ])
  func `the kind of a body implies its type`(kind: String, status: Int, type: String?, text: String)
    throws
  {
    let response = try Shared.server().get("/kind/\(kind)")
    #expect(response.status == status && response["content-type"] == type && response.text == text)
  }

  @Test func `headers with line ends are refused, framing stays the kernel's`() throws {
    let response = try Shared.server().get("/headers")
    #expect(response.text == "-1 -1 -1 -1 -1 -1 ")
    #expect(response["x-evil"] == nil && response["x-a"] == nil)
    #expect(response.all("x-two") == ["1", "2"])
    #expect(response.all("x-one") == ["2"])
    #expect(response["x-gone"] == nil && response["transfer-encoding"] == nil)
    #expect(response.all("content-length") == ["18"])
    #expect(response.all("date").count == 1)
    let long = String(repeating: "v", count: 5000)
    #expect(response.all("x-copy") == Array(repeating: long, count: 6))
  }

  @Test func `removed headers use up nothing for later requests`() throws {
    let client = try Shared.server().connect()
    for _ in 0..<60 {
      try client.send("GET /set-and-remove HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == "set")
    }
  }

  // MARK: nobody answered, or somebody failed

  @Test(arguments: [
    ("", "text/plain; charset=utf-8"), ("Accept: */*\r\n", "text/plain; charset=utf-8"),
    ("Accept: text/html,*/*\r\n", "text/html; charset=utf-8"),
    ("Accept: application/json\r\n", "application/json; charset=utf-8"),
  ])
  func `404 has the form that the client accepts`(accept: String, type: String) throws {
    let response = try Shared.server().get("/nothing/here", accept)
    #expect(response.status == 404 && response["content-type"] == type)
    #expect(response.text.contains("Not Found"))
    if type.contains("json") { #expect(response.text == #"{"message":"Not Found"}"#) }
    #expect(try Shared.server().get("/nothing/here.json")["content-type"]!.contains("json"))
  }

  @Test func `a failure says what it may and keeps only its own headers`() throws {
    let server = try Shared.server()
    let hidden = try server.get("/failure", "Accept: application/json\r\n")
    #expect(hidden.status == 500)
    #expect(hidden.text == #"{"message":"Internal Server Error","code":"E_PROBE"}"#)
    #expect(hidden["x-lost"] == nil && hidden["x-kept"] == "yes" && hidden["x-bad"] == nil)
    let exposed = try server.get("/failure", "Accept: application/json\r\nX-Expose: 1\r\n")
    #expect(exposed.text.contains("it's <broken>") && !exposed.text.contains("secret"))
    let clients = try server.get("/failure", "Accept: application/json\r\nX-Status: 422\r\n")
    #expect(clients.status == 422 && clients.text.contains("it's <broken>"))
    let html = try server.get("/failure", "Accept: text/html\r\nX-Status: 422\r\n")
    #expect(html.text.contains("it&#39;s &lt;broken&gt;"))
    #expect(try server.get("/failure", "X-Status: 200\r\n").status == 500)
    #expect(try server.get("/failure", "X-Status: 422\r\n", method: "HEAD").status == 422)
  }

  @Test func `in development the detail is shown`() throws {
    let server = try ServerProcess(env: "local")
    let response = try server.get("/failure", "Accept: application/json\r\n")
    #expect(response.text.contains("it's <broken>") && response.text.contains("secret detail"))
    #expect(response["server-timing"] == nil || response["server-timing"]!.contains("probe;dur="))
  }

  @Test func `another method of a known path is 405 with Allow`() throws {
    let server = try Shared.server()
    let response = try server.get("/all")
    #expect(response.status == 405)
    #expect(Set((response["allow"] ?? "").split(separator: ", ")).isSuperset(of: ["POST", "PUT"]))
    #expect(response["allow"]?.contains("GET") == false)
    let options = try server.get("/all", method: "OPTIONS")
    #expect(options.status == 200 && options["allow"] != nil && options.body.isEmpty)
    #expect(try server.get("/hello", method: "BREW").status == 501)
    let asterisk = try server.get("*", method: "OPTIONS")
    #expect(asterisk.status < 500)
  }

  @Test func `with methodNotAllowed off it is Egg's 404`() throws {
    let server = try ServerProcess(#"{"router": {"methodNotAllowed": false}}"#)
    #expect(try server.get("/all").status == 404)
    #expect(try server.get("/all", method: "OPTIONS").status == 404)
  }

  @Test func `site files answer exact paths`() throws {
    let server = try ServerProcess(
      #"{"siteFile": {"/robots.txt": "config/plugin.json", "/old": "https://example.com/new"}}"#)
    let file = try server.get("/robots.txt")
    #expect(file.status == 200 && file.text.contains("probe"))
    #expect(file["cache-control"] == "public, max-age=2592000")
    let redirect = try server.get("/old")
    #expect(redirect.status == 302 && redirect["location"] == "https://example.com/new")
    #expect(try server.get("/robots.txt/x").status == 404)
    #expect(try server.get("/robots.txt", method: "HEAD")["content-length"] == "\(file.body.count)")
    #expect(try server.post("/robots.txt", "", "").status == 404)
  }

  @Test func `a page for 404 is where browsers go`() throws {
    let server = try ServerProcess(#"{"notfound": {"pageUrl": "/404.html"}}"#)
    let response = try server.get("/nope", "Accept: text/html\r\n")
    #expect(response.status == 302 && response["location"] == "/404.html")
    #expect(try server.get("/nope", "Accept: application/json\r\n").status == 404)
    #expect(try server.get("/404.html", "Accept: text/html\r\n").status == 404)
  }

  @Test func `a forgotten answer sends nothing and ends the connection`() throws {
    let client = try Shared.server().connect()
    try client.send("GET /forget HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.rest() == "")
  }
}
