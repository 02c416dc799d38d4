import Foundation
import Testing

/// - Source: Egg, "onerror"; egg-onerror's table of clients and environments.
@Suite("Error answers") struct OnerrorTests {
  private static let html = ["Accept": "text/html"]
  private static let json = ["Accept": "application/json"]
  private static let production = Result { try Server(plugins: ["onerror"], env: "prod") }
  private static let development = Result { try Server(plugins: ["onerror"], env: "local") }

  // MARK: production

  @Test func `a server's error tells a browser no more than its status`() throws {
    let answer = try Self.production.get().get("/fail/secret", Self.html)
    #expect(answer.status == 500)
    #expect(answer["content-type"] == "text/html; charset=utf-8")
    #expect(answer.body == "<h2>Internal Server Error, real status: 503</h2>")
  }

  @Test func `a server's error tells a JSON client its code and the reason phrase`() throws {
    let answer = try Self.production.get().get("/fail/secret", Self.json)
    #expect(answer.status == 503)
    #expect(answer.body == #"{"code":"DOWN","message":"Service Unavailable"}"#)
  }

  @Test func `a client's error keeps message and list of errors`() throws {
    let answer = try Self.production.get().get("/fail/refused", Self.json)
    #expect(answer.status == 422)
    #expect(
      answer.body
        == #"{"code":"invalid_param","message":"Validation Failed","errors":[{"field":"name"}]}"#)
    let page = try Self.production.get().get("/fail/refused", Self.html)
    #expect(page.status == 422)
    #expect(page.body == "<h2>422 Unprocessable Entity</h2>")
  }

  @Test func `who accepts anything gets text`() throws {
    let answer = try Self.production.get().get("/fail/plain")
    #expect(answer["content-type"] == "text/plain; charset=utf-8")
    #expect(answer.body == "500 Internal Server Error\n")
  }

  @Test func `a path that nobody answers is 404 in the same forms`() throws {
    let server = try Self.production.get()
    #expect(try server.get("/nowhere", Self.html).body == "<h2>404 Not Found</h2>")
    #expect(try server.get("/nowhere", Self.json).body == #"{"message":"Not Found"}"#)
    #expect(try server.get("/nowhere").body == "404 Not Found\n")
  }

  @Test func `a file that is not there is 404`() throws {
    let answer = try Self.production.get().get("/fail/file", Self.json)
    #expect(answer.status == 404)
  }

  @Test func `an application answers what it likes, and hears of every error`() throws {
    let server = try Server(
      #"{ "probe": { "answersErrors": true } }"#, plugins: ["onerror", "session"], env: "prod")
    #expect(try server.get("/fail/refused", Self.html).body == "<h1>Sorry, 422</h1>")
    #expect(try server.get("/fail/refused", Self.json).body.hasPrefix(#"{"code":"invalid_param""#))
    #expect(try server.get("/fail/secret", Self.html).body.contains("real status: 503"))
    let events = try server.get("/session/events").body
    #expect(events.contains("422 Validation Failed /fail/refused"))
    #expect(events.contains("503 ") && events.contains("/fail/secret"))
  }

  @Test func `a body that is no JSON is told so`() throws {
    let answer = try Self.production.get().send(
      "POST", "/session/set", headers: Self.json, json: "{ \"a\": }")
    #expect(answer.status == 400)
    #expect((answer.json["message"] as? String)?.hasPrefix("Problems parsing JSON") == true)
  }

  @Test func `browsers are sent to the error page, but not from the error page`() throws {
    let server = try Server(
      #"{ "onerror": { "errorPageUrl": "/fail/plain?x=1" } }"#, plugins: ["onerror"], env: "prod")
    let sent = try server.get("/fail/secret", Self.html)
    #expect(sent.status == 302)
    #expect(sent["location"] == "/fail/plain?x=1&real_status=503")
    let page = try server.get("/fail/plain", Self.html)
    #expect(page.status == 500)
    #expect(try server.get("/fail/secret", Self.json).status == 503)
  }

  @Test func `what the filter declines is answered, and neither logged nor told`() throws {
    let server = try Server(
      #"{ "probe": { "quiet": "DOWN" } }"#, plugins: ["onerror", "session"], env: "prod")
    #expect(try server.get("/fail/secret", Self.json).status == 503)
    #expect(try server.get("/fail/plain", Self.json).status == 500)
    try server.wait(for: "is broken")
    #expect(!server.log.contains("10.0.0.7"))
    let events = try server.get("/session/events").body
    #expect(events.contains("/fail/plain") && !events.contains("/fail/secret"))
  }

  @Test func `redirect sends all but JSON clients away, and not in circles`() throws {
    let server = try Server(
      #"{ "onerror": { "redirect": "/fail/plain" } }"#, plugins: ["onerror"], env: "prod")
    for accept in ["text/html", "*/*"] {
      let sent = try server.get("/fail/refused", ["Accept": accept])
      #expect(sent.status == 302 && sent["location"] == "/fail/plain")
    }
    #expect(try server.get("/fail/refused", Self.json).status == 422)
    #expect(try server.get("/fail/plain", Self.html).status == 500)
    #expect(try server.get("/nowhere", Self.html).status == 404)
  }

  // MARK: development

  @Test func `a test run has the message and the stack as text`() throws {
    let server = try Server(plugins: ["onerror"])
    let answer = try server.get("/fail/plain", Self.html)
    #expect(answer.status == 500 && answer["content-type"] == "text/plain; charset=utf-8")
    #expect(answer.body.hasPrefix("500 <the cupboard> is broken\n"))
  }

  @Test func `the application may bring the page`() throws {
    let server = try Server(
      #"{ "onerror": { "templatePath": "app/view/error.html" } }"#, plugins: ["onerror"],
      env: "local"
    ) {
      try Data("<p>{{ status }} {{ title }} {{ message }} {{ method }} {{url}}</p>".utf8)
        .write(to: $0.appendingPathComponent("app/view/error.html"))
    }
    let answer = try server.get("/fail/plain?<", Self.html)
    #expect(
      answer.body
        == "<p>500 Broken &lt;the cupboard&gt; is broken GET /fail/plain?&lt;</p>")
    for (path, text) in [
      ("nowhere.html", "nowhere.html can't be read"), ("config/plugin.json", "line 1: there is no"),
    ] {
      let failure = #expect(throws: Failure.self) {
        _ = try Server(
          #"{ "onerror": { "templatePath": "\#(path)" } }"#, plugins: ["onerror"], env: "local"
        ) {
          guard path.hasPrefix("config") else { return }
          // Read by the plugin, not by the kernel.
          let file = $0.appendingPathComponent("config/plugin.json")
          let old = try String(contentsOf: file, encoding: .utf8)
          try Data(("// {{ x }}\n" + old).utf8).write(to: file)
        }
      }
      #expect(failure?.description.contains("EGG_ONERROR") == true)
      #expect(failure?.description.contains(text) == true, "\(failure?.description ?? "")")
    }
  }

  @Test(arguments: ["/fail/plain", "/fail/later"])
  func `the page shows message, stack and the source around the throw`(path: String) throws {
    let answer = try Self.development.get().get(
      path, ["Accept": "text/html", "Cookie": "token=hidden", "X-Note": "<seen>"])
    #expect(answer.status == 500)
    #expect(answer["content-security-policy"]?.contains("default-src 'none'") == true)
    #expect(answer.body.contains("is broken</h1>"))
    #expect(answer.body.contains("FailingController"))
    #expect(answer.body.contains("class=\"here\""), "no source excerpt")
    #expect(answer.body.contains("throw Broken(what:"))
    #expect(answer.body.contains("&lt;seen&gt;"))
    #expect(!answer.body.contains("token=hidden"))
    #expect(!answer.body.contains("<the cupboard>"), "the message is not escaped")
    // What is the kernel's is not shown as the application's.
    #expect(!answer.body.contains("class=\"ours\">EggKernel."))
  }

  @Test func `JSON has the stack, with file and line`() throws {
    let answer = try Self.development.get().get("/fail/plain", Self.json)
    let stack = try #require(answer.json["stack"] as? String)
    #expect(stack.contains("app/controller/failing.swift:5"))
    #expect(answer.json["message"] as? String == "<the cupboard> is broken")
    #expect(answer.json["name"] as? String == "Broken")
  }

  @Test func `the page can be switched off`() throws {
    let server = try Server(
      #"{ "onerror": { "developmentPage": false } }"#, plugins: ["onerror"], env: "local")
    let answer = try server.get("/fail/plain", Self.html)
    #expect(answer.body == "<h2>Internal Server Error, real status: 500</h2>")
  }
}
