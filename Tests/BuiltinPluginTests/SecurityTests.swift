import Foundation
import Testing

@Suite("security") struct SecurityTests {
  private static let shared = Result { try Server(plugins: ["session", "security"]) }
  private func server(_ config: String? = nil, plugins: [String] = ["session", "security"]) throws
    -> Server
  {
    guard let config else { return try Self.shared.get() }
    return try Server(#"{ "security": \#(config) }"#, plugins: plugins)
  }

  // MARK: header fields

  @Test func `the default fields, and no others`() throws {
    let answer = try server().get("/guarded")
    #expect(answer.status == 200)
    #expect(answer["x-frame-options"] == "SAMEORIGIN")
    #expect(answer["x-xss-protection"] == "1; mode=block")
    #expect(answer["x-content-type-options"] == "nosniff")
    #expect(answer["x-download-options"] == "noopen")
    for name in ["strict-transport-security", "content-security-policy", "referrer-policy"] {
      #expect(answer[name] == nil)
    }
  }

  @Test func `redirects have no nosniff`() throws {
    let answer = try server().get("/leave")
    #expect(answer.status == 302 && answer["location"] == "/elsewhere")
    #expect(answer["x-content-type-options"] == nil && answer["x-frame-options"] == "SAMEORIGIN")
  }

  @Test func `what is off by default, switched on`() throws {
    let server = try server(
      #"""
      {
        "hsts": { "enable": true, "maxAge": 60, "includeSubdomains": true },
        "referrerPolicy": { "enable": true, "value": "same-origin" },
        "noopen": { "enable": false }, "xframe": { "ignore": "/nonce" },
        "csp": {
          "enable": true, "reportOnly": true, "supportIE": true,
          "policy": { "script-src": ["'self'", "cdn.test"], "img-src": "*", "sandbox": [],
            "upgrade-insecure-requests": true, "media-src": false }
        }
      }
      """#)
    let answer = try server.get("/nonce")
    #expect(answer["strict-transport-security"] == "max-age=60; includeSubdomains")
    #expect(answer["referrer-policy"] == "same-origin")
    #expect(answer["x-download-options"] == nil && answer["x-frame-options"] == nil)
    let nonce = try #require(answer.json["nonce"] as? String)
    #expect(nonce.count == 16 && answer.json["again"] as? String == nonce)
    #expect(
      answer["content-security-policy-report-only"]
        == "script-src 'self' cdn.test 'nonce-\(nonce)';img-src *;sandbox;upgrade-insecure-requests"
    )
    #expect(
      try server.get("/nonce", ["User-Agent": "MSIE 10"])["x-content-security-policy-report-only"]
        != nil)
    #expect(try server.get("/nonce").json["nonce"] as? String != nonce)
    // Whole segments count.
    #expect(try server.get("/nonces")["x-frame-options"] == "SAMEORIGIN")
    #expect(try server.get("/token")["x-frame-options"] == "SAMEORIGIN")
  }

  @Test func `a request may want them otherwise`() throws {
    let answer = try server().get("/options")
    #expect(answer["x-frame-options"] == "DENY" && answer["x-download-options"] == nil)
    #expect(
      answer["content-security-policy"] == "script-src 'self' a.example.com 'nonce-\(answer.body)'")
    #expect(answer["x-content-type-options"] == "nosniff")
  }

  @Test func `TRACE and TRACK are not allowed, and paths stay below the root`() throws {
    for method in ["TRACE", "TRACK"] {
      #expect([405, 501].contains(try server().send(method, "/guarded").status))
    }
    #expect(try server().send("TRACE", "/guarded").status == 405)
    #expect(try server().get("/a/%2e%2e/%2e%2e/etc/passwd").status == 400)
    #expect(try server().get("/..%2f..%2fetc").status == 400)
  }

  @Test(arguments: [
    (#"{ "xframe": 5 }"#, "config.security.xframe: expected an object, found a number"),
    (#"{ "defaultMiddleware": "csrf, wrong" }"#, "found \"wrong\""),
    (#"{ "csrf": { "type": "x" } }"#, "config.security.csrf.type"),
    (#"{ "csrf": { "match": "/a", "ignore": "/b" } }"#, "can not both present"),
    (#"{ "csrf": { "ignore": 7 } }"#, "config.security.csrf.ignore must be a path"),
    (#"{ "csrf": { "ignore": "api" } }"#, "a path begins with"),
    (#"{ "csrf": { "ignore": { "regexp": "(" } } }"#, "is no regular expression"),
    (#"{ "csrf": { "ignore": { "context": "nobody" } } }"#, "no unit adds \"nobody\""),
    (#"{ "csrf": { "ignore": { "context": "saysLater" } } }"#, "is async"),
    (#"{ "ssrf": { "checkAddress": "nobody" } }"#, "no unit adds \"nobody\""),
    (#"{ "referrerPolicy": { "value": "x" } }"#, "no-referrer"),
    (#"{ "ssrf": { "ipBlackList": ["x"] } }"#, "config.security.ssrf"),
  ])
  func `a configuration that makes no sense stops the start`(config: String, text: String) throws {
    let failure = #expect(throws: Failure.self) { _ = try server(config) }
    #expect(failure?.description.contains(text) == true)
  }

  @Test func `false works and is warned of; the list may be text`() throws {
    let server = try server(#"{ "xframe": false, "defaultMiddleware": "xframe,nosniff" }"#)
    try server.wait(for: "config.security.xframe: false")
    let answer = try server.send("POST", "/guarded")
    #expect(answer.status == 200 && answer["x-frame-options"] == nil)
    #expect(answer["x-content-type-options"] == "nosniff" && answer["x-xss-protection"] == nil)
  }

  // MARK: csrf

  /// A visitor with a secret.
  private func visitor(_ server: Server) throws -> (Visitor, secret: String) {
    let visitor = Visitor(server)
    try visitor.send("GET", "/guarded")
    return (visitor, try #require(visitor.jar["csrfToken"]))
  }

  @Test func `every visitor gets a secret that scripts can read, once`() throws {
    let server = try server()
    let first = try #require(try server.get("/guarded").cookie("csrfToken"))
    #expect(
      first.hasSuffix("; path=/") && first.count == "csrfToken=".count + 24 + "; path=/".count)
    #expect(try server.get("/guarded").cookie("csrfToken") != first)
    let (visitor, _) = try visitor(server)
    #expect(try visitor.get("/guarded")["set-cookie"] == nil)
    // Neither an empty one nor part of another one's name counts.
    for cookie in ["csrfToken=", "xcsrfToken=a", "a=csrfToken=b", "csrfToken"] {
      #expect(try server.get("/guarded", ["Cookie": cookie]).cookie("csrfToken") != nil)
    }
    for cookie in ["a=b; csrfToken=x", "csrfToken=x;a=b"] {
      #expect(try server.get("/guarded", ["Cookie": cookie]).cookie("csrfToken") == nil)
    }
  }

  @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"])
  func `requests that may change something need a token`(method: String) throws {
    let server = try server()
    let missing = try server.send(method, "/guarded", headers: ["Accept": "application/json"])
    #expect(missing.status == 403 && missing.body.contains("missing csrf token") == false)
    let (visitor, secret) = try visitor(server)
    let cookie = "csrfToken=\(secret)"
    let invalid = try server.send(
      method, "/guarded", headers: ["Cookie": cookie, "Accept": "application/json"])
    #expect(invalid.status == 403 && invalid.json["message"] as? String == "invalid csrf token")
    let wrong = try server.send(
      method, "/guarded", headers: ["Cookie": cookie, "x-csrf-token": "x" + secret])
    #expect(wrong.status == 403)
    #expect(
      try server.send(method, "/guarded", headers: ["Cookie": cookie, "x-csrf-token": secret])
        .status
        == 200)
    let token = try #require(try visitor.get("/token").json["token"] as? String)
    #expect(
      try server.send(method, "/guarded", headers: ["Cookie": cookie, "x-csrf-token": token]).status
        == 200)
  }

  @Test func `GET, HEAD and OPTIONS need none`() throws {
    for method in ["GET", "HEAD", "OPTIONS"] {
      #expect(try server().send(method, "/guarded").status < 300)
    }
  }

  @Test func `the token is taken from the query, the form, the JSON body or the header`() throws {
    let server = try server()
    let (_, secret) = try visitor(server)
    let cookie = ["Cookie": "csrfToken=\(secret)"]
    #expect(try server.send("POST", "/guarded?_csrf=\(secret)", headers: cookie).status == 200)
    #expect(
      try server.send("POST", "/guarded", headers: cookie, form: "_csrf=\(secret)").status == 200)
    #expect(
      try server.send("POST", "/guarded", headers: cookie, json: #"{"_csrf":"\#(secret)"}"#).status
        == 200)
    #expect(
      try server.send("POST", "/guarded", headers: cookie, json: #"{"_csrf":["x"]}"#).status == 403)
    // The query comes first, also when it is wrong.
    #expect(
      try server.send("POST", "/guarded?_csrf=wrong", headers: cookie, form: "_csrf=\(secret)")
        .status
        == 403)
  }

  @Test func `a token is another text on every page, and good for its secret only`() throws {
    let server = try server()
    let (visitor, _) = try visitor(server)
    let tokens = try visitor.get("/token").json
    let token = try #require(tokens["token"] as? String)
    #expect(token != tokens["again"] as? String)
    let (_, other) = try self.visitor(server)
    let headers = ["Cookie": "csrfToken=\(other)", "x-csrf-token": token]
    #expect(try server.send("POST", "/guarded", headers: headers).status == 403)
  }

  @Test func `the first page already has a token for the secret that goes out with it`() throws {
    let server = try server()
    let page = try server.get("/token")
    let token = try #require(page.json["token"] as? String)
    let headers = ["Cookie": page.cookies, "x-csrf-token": token]
    #expect(try server.send("POST", "/guarded", headers: headers).status == 200)
  }

  @Test func `rotating gives another secret, and the old one is worth nothing with it`() throws {
    let server = try server()
    let (visitor, secret) = try visitor(server)
    let headers = ["Cookie": "csrfToken=\(secret)", "x-csrf-token": secret]
    let login = try server.send("POST", "/login", headers: headers)
    let fresh = try #require(login.cookie("csrfToken"))
    #expect(!fresh.hasPrefix("csrfToken=\(secret);"))
    let changed = ["Cookie": login.cookies, "x-csrf-token": secret]
    #expect(try server.send("POST", "/guarded", headers: changed).status == 403)
    // The token of that answer belongs to the new secret.
    let right = ["Cookie": login.cookies, "x-csrf-token": login.body]
    #expect(try server.send("POST", "/guarded", headers: right).status == 200)
    _ = visitor
  }

  @Test func `parts can be left out, by path, by type of body and by rule`() throws {
    let server = try server(
      #"""
      { "csrf": { "ignore": ["/api"], "ignoreJSON": true, "supportedRequests":
        [{ "path": "/guarded", "methods": ["post"] }], "bodyName": ["tok", "_csrf"] } }
      """#)
    #expect(try server.send("POST", "/api/guarded").status == 200)
    #expect(try server.get("/api/guarded")["set-cookie"] == nil)
    #expect(try server.send("POST", "/guarded").status == 403)
    #expect(try server.send("PUT", "/guarded").status == 200)
    #expect(try server.send("POST", "/guarded", json: "{}").status == 200)
    #expect(try server.send("POST", "/login").status == 200)
    let cookie = ["Cookie": "csrfToken=abc"]
    #expect(try server.send("POST", "/guarded", headers: cookie, form: "tok=abc").status == 200)
  }

  @Test func `parts are left out by expressions and by what the application says of a request`()
    throws
  {
    let server = try server(
      #"""
      { "csrf": { "ignore": ["/login", { "regexp": "^/API/", "flags": "i" }, { "context": "isInner" },
        { "context": "asksPolitely" }] }, "xframe": { "match": { "regexp": "e$" } },
        "noopen": { "ignore": { "context": "failsToSay" } } }
      """#)
    #expect(try server.send("POST", "/api/guarded").status == 200)
    #expect(try server.send("POST", "/login").status == 200)
    #expect(try server.send("POST", "/guarded").status == 403)
    #expect(try server.send("POST", "/guarded?/api/").status == 403)
    for headers in [["X-From": "inside"], ["X-Please": "yes"]] {
      let answer = try server.send("POST", "/guarded", headers: headers)
      #expect(answer.status == 200 && answer["set-cookie"] == nil)
    }
    #expect(try server.get("/nonce")["x-frame-options"] == "SAMEORIGIN")
    // What can't be answered protects.
    let other = try server.get("/token")
    #expect(other["x-frame-options"] == nil && other["x-download-options"] == "noopen")
    try server.wait(for: "ctx.failsToSay of")
  }

  @Test func `methods that are checked may be those of some paths`() throws {
    let server = try server(
      #"{ "csrf": { "supportedRequests": [{ "path": { "regexp": "^/api" }, "methods": ["POST"] }] } }"#
    )
    #expect(try server.send("POST", "/guarded").status == 200)
    #expect(try server.send("POST", "/api/guarded").status == 403)
  }

  @Test(arguments: [("unittest", 500, nil), ("prod", 302, "/")] as [(String, Int, String?)])
  func `a redirect to a host that is not ours is seen in development`(
    env: String, status: Int, location: String?
  ) throws {
    let server = try Server(
      #"{ "security": { "domainWhiteList": [".safe.test", "a*.b.test"] } }"#,
      plugins: ["session", "security"], env: env)
    let answer = try server.get("/leave?to=https://evil.test/x")
    #expect(answer.status == status && answer["location"] == location)
    #expect(answer.body.contains("redirection is prohibited") == (status == 500))
    for safe in ["https://www.SAFE.test/x", "https://axy.b.test/", "http://probe.test/", "/here"] {
      let answer = try server.get("/leave?to=\(safe)")
      #expect(answer.status == 302 && answer["location"] == safe)
    }
    #expect(try server.get("/leave?to=//evil.test")["location"] == "/")
  }

  @Test func `code of the application has the last word on addresses`() throws {
    let server = try server(
      #"{ "ssrf": { "checkAddress": "mayAsk", "ipBlackList": ["10.0.0.1"] } }"#)
    #expect(try server.get("/address/8.8.8.8").body == "true")
    #expect(try server.get("/address/9.9.9.9").body == "false")
    #expect(try server.get("/address/8.8.8.8?host=never.test").body == "false")
    #expect(try server.get("/address/10.0.0.1").body == "false")
  }

  @Test func `the secret may live in the session`() throws {
    let server = try server(#"{ "csrf": { "useSession": true } }"#)
    let visitor = Visitor(server)
    let token = try #require(try visitor.get("/token").json["token"] as? String)
    #expect(visitor.jar["csrfToken"] == nil && visitor.jar["EGG_SESS"] != nil)
    #expect(try visitor.send("POST", "/guarded", #"{"_csrf":"\#(token)"}"#).status == 200)
    #expect(try visitor.send("POST", "/guarded", #"{"_csrf":"x"}"#).status == 403)
    #expect(try server.send("POST", "/guarded").status == 403)
    let failure = #expect(throws: Failure.self) {
      _ = try self.server(#"{ "csrf": { "useSession": true } }"#, plugins: ["security"])
    }
    #expect(failure?.description.contains("EGG_SECURITY") == true)
    #expect(failure?.description.contains("needs the plugin session") == true)
  }

  @Test(arguments: [
    ("referer", [:], 403), ("referer", ["Referer": "http://probe.test/x"], 200),
    ("referer", ["Origin": "http://probe.test"], 200),
    ("referer", ["Referer": "http://evil.test/http://probe.test"], 403),
    ("referer", ["Referer": "https://a.friend.test/"], 200),
    ("referer", ["Referer": "nonsense"], 403),
    ("all", ["Referer": "http://probe.test/"], 403),
    ("all", ["Cookie": "csrfToken=a", "x-csrf-token": "a"], 403),
    ("all", ["Cookie": "csrfToken=a", "x-csrf-token": "a", "Referer": "http://probe.test/"], 200),
    ("any", ["Referer": "http://probe.test/"], 200),
    ("any", ["Cookie": "csrfToken=a", "x-csrf-token": "a"], 200), ("any", [:], 403),
  ])
  func `the other types look at where a request comes from`(
    type: String, headers: [String: String], status: Int
  ) throws {
    let server = try Kinds.server(type)
    #expect(try server.send("POST", "/guarded", headers: headers).status == status)
  }

  @Test func `messages say what is missing`() throws {
    let json = ["Accept": "application/json"]
    func message(_ type: String) throws -> String? {
      try Kinds.server(type).send(
        "POST", "/guarded", headers: json.merging(["Cookie": "csrfToken=a"]) { $1 }
      )
      .json["message"] as? String
    }
    #expect(try message("referer") == "missing csrf referer or origin")
    #expect(
      try message("any")
        == "both ctoken and referer check error: invalid csrf token, missing csrf referer or origin"
    )
  }

  // MARK: helpers and hosts

  @Test func `helpers, typed and by name`() throws {
    let server = try server(
      #"""
      { "csrf": { "enable": false }, "domainWhiteList": [".safe.test"], "protocolWhiteList": ["sms"],
        "ssrf": { "ipBlackList": ["10.0.0.0/8"], "hostnameExceptionList": ["in.test"] } }
      """#)
    let text = #"sms://<a href='http://x.safe.test'>../"#
    let answer = try server.send("POST", "/helper", json: #"{"text": "\#(text)"}"#).json
    #expect(answer["surl"] as? String == "sms://&lt;a href=&#x27;http://x.safe.test&#x27;&gt;../")
    #expect(answer["byName"] as? String == answer["surl"] as? String)
    #expect(answer["shtml"] as? String == #"sms://<a href="http://x.safe.test">../"#)
    #expect(answer["spath"] as? String == "outside")
    #expect((answer["escape"] as? String)?.contains("&#39;") == true)
    #expect(answer["cliFilter"] as? String == "smsahrefhttpx.safe.test..")
    #expect(try server.get("/domain/a.safe.test").body == #"{"configured":true,"listed":false}"#)
    #expect(try server.get("/domain/only.test").body == #"{"configured":false,"listed":true}"#)
    #expect(try server.get("/address/10.1.1.1").body == "false")
    #expect(try server.get("/address/10.1.1.1?host=in.test").body == "true")
    #expect(try server.get("/address/8.8.8.8").body == "true")
    #expect(try server.get("/token").json["token"] as? String == "")
  }
}

/// A server for each type of csrf check.
private enum Kinds {
  private nonisolated(unsafe) static var started: [String: Server] = [:]
  private static let lock = NSLock()

  static func server(_ type: String) throws -> Server {
    try lock.withLock {
      if let server = started[type] { return server }
      let server = try Server(
        #"{ "security": { "csrf": { "type": "\#(type)", "refererWhiteList": [".friend.test"] } } }"#,
        plugins: ["security"])
      started[type] = server
      return server
    }
  }
}
