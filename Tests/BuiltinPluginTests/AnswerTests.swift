import Foundation
import Testing

@Suite("jsonp") struct JSONPTests {
  private static let shared = Result { try Server(plugins: ["session", "security", "jsonp"]) }
  private func get(_ target: String, _ headers: [String: String] = [:]) throws -> Answer {
    try Self.shared.get().get(target, headers)
  }

  @Test func `a callback makes a script of the answer, none leaves it JSON`() throws {
    let script = try get("/jsonp?callback=show")
    #expect(
      script.body == #"/**/ typeof show === 'function' && show({"a":1,"jsonp":true});"#)
    #expect(
      script["content-type"] == "application/javascript; charset=utf-8"
        || script["content-type"] == "text/javascript; charset=utf-8")
    #expect(script["x-content-type-options"] == "nosniff")
    #expect(try get("/jsonp").body == #"{"a":1,"jsonp":false}"#)
    #expect(try get("/jsonp?callback=").body == #"{"a":1,"jsonp":false}"#)
    #expect(try get("/jsonp?callback=a&_callback=b").body.contains("&& b("))
  }

  @Test func `the name holds nothing but a name`() throws {
    #expect(try get("/jsonp?callback=a.b[0]$_;alert(1)//").body.contains("&& a.b[0]$_alert1("))
    #expect(try get("/jsonp?callback=%3Cscript%3E").body.contains("&& script("))
    #expect(try get("/jsonp?callback=%28%29").body == #"{"a":1,"jsonp":false}"#)
    let long = String(repeating: "x", count: 60)
    #expect(try get("/jsonp?callback=\(long)").body.contains("&& \(long.prefix(50))("))
    #expect(try get("/jsonp/short?cb=abcdef").body.contains("&& abc("))
    #expect(try get("/jsonp/short?callback=abc").body.hasPrefix("{"))
  }

  @Test func `text is quoted, and no answer stays none`() throws {
    #expect(
      try get("/jsonp?callback=f&kind=text").body
        == #"/**/ typeof f === 'function' && f("te\"xt\u2028");"#)
    #expect(try get("/jsonp?callback=f&kind=none").status == 404)
  }

  @Test(arguments: [
    ("/jsonp/known", [:], 403), ("/jsonp/known", ["Referer": "http://a.friend.test/x"], 200),
    ("/jsonp/known", ["Referer": "http://friend.test/"], 200),
    ("/jsonp/known", ["Referer": "http://friend.test.evil/"], 403),
    ("/jsonp/known", ["Referer": "https://any/x"], 200),
    ("/jsonp/known", ["Referer": "http://evil/https://x"], 403),
    ("/jsonp/csrf", [:], 403), ("/jsonp/csrf", ["Cookie": "csrfToken=a"], 403),
    ("/jsonp/csrf", ["Cookie": "csrfToken=a", "x-csrf-token": "a"], 200),
  ])
  func `pages and tokens are looked at where that is on`(
    target: String, headers: [String: String], status: Int
  ) throws {
    let answer = try get(target, headers.merging(["Accept": "application/json"]) { $1 })
    #expect(answer.status == status)
    if status == 403 {
      #expect(answer.json["message"] as? String == "jsonp request security validate failed")
    }
  }
}

@Suite("cors") struct CorsTests {
  private static let shared = Result { try Server(plugins: ["session", "cors"]) }
  private let origin = ["Origin": "https://a.test"]
  private func server(_ config: String, plugins: [String] = ["session", "cors"]) throws -> Server {
    try Server(config, plugins: plugins)
  }

  @Test func `the origin that asks may read, others are not told anything`() throws {
    let server = try Self.shared.get()
    let answer = try server.get("/plain", origin)
    #expect(answer["access-control-allow-origin"] == "https://a.test" && answer["vary"] == "Origin")
    let same = try server.get("/plain")
    #expect(same["access-control-allow-origin"] == nil && same["vary"] == "Origin")
  }

  @Test func `a preflight is answered by the first layer`() throws {
    let server = try Self.shared.get()
    let asking = origin.merging([
      "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a, x-b",
    ]) { $1 }
    let answer = try server.send("OPTIONS", "/nowhere", headers: asking)
    #expect(answer.status == 204 && answer.body.isEmpty)
    #expect(answer["access-control-allow-methods"] == "GET,HEAD,PUT,POST,DELETE,PATCH")
    #expect(answer["access-control-allow-headers"] == "x-a, x-b")
    // Any other OPTIONS goes on.
    #expect(try server.send("OPTIONS", "/plain", headers: origin).status != 204)
  }

  @Test func `an error keeps the fields`() throws {
    let server = try Self.shared.get()
    let answer = try server.get("/cors/fails", origin)
    #expect(answer.status == 401)
    #expect(answer["access-control-allow-origin"] == "https://a.test")
    #expect(answer["vary"] == "Accept, Origin")
    let off = try self.server(#"{ "cors": { "keepHeadersOnError": false } }"#)
    #expect(try off.get("/cors/fails", origin)["access-control-allow-origin"] == nil)
  }

  @Test func `listed origins, credentials and ages`() throws {
    let server = try server(
      #"""
      { "cors": { "origin": ["https://a.test"], "credentials": true, "maxAge": 60,
        "exposeHeaders": ["x-a", "x-b"], "allowMethods": "GET", "allowHeaders": "x-c" } }
      """#)
    let answer = try server.get("/plain", origin)
    #expect(answer["access-control-allow-credentials"] == "true")
    #expect(answer["access-control-expose-headers"] == "x-a,x-b")
    #expect(
      try server.get("/plain", ["Origin": "https://b.test"])["access-control-allow-origin"] == nil)
    let preflight = try server.send(
      "OPTIONS", "/plain", headers: origin.merging(["Access-Control-Request-Method": "GET"]) { $1 })
    #expect(preflight["access-control-max-age"] == "60")
    #expect(preflight["access-control-allow-methods"] == "GET")
    #expect(preflight["access-control-allow-headers"] == "x-c")
  }

  @Test(arguments: [(false, "*"), (true, "https://a.test")])
  func `a star is the origin itself where cookies are allowed`(credentials: Bool, allowed: String)
    throws
  {
    let server = try server(#"{ "cors": { "origin": "*", "credentials": \#(credentials) } }"#)
    #expect(try server.get("/plain", origin)["access-control-allow-origin"] == allowed)
  }

  @Test func `with security only safe domains may read`() throws {
    let server = try server(
      #"{ "security": { "domainWhiteList": [".safe.test"] } }"#,
      plugins: ["session", "security", "cors"])
    func allowed(_ origin: String) throws -> String? {
      try server.get("/plain", ["Origin": origin])["access-control-allow-origin"]
    }
    #expect(try allowed("https://a.safe.test:8443") == "https://a.safe.test:8443")
    for other in [
      "https://a.test", "null", "https://a.test/.safe.test", "https://x@safe.test",
      "file://safe.test",
    ] {
      #expect(try allowed(other) == nil)
    }
  }

  @Test func `where it applies is said by paths, expressions and members of the context`() throws {
    let server = try server(
      #"{ "cors": { "match": ["/session", { "regexp": "^/pl.in$" }, { "context": "isInner" }] } }"#)
    for (path, headers, isThere) in [
      ("/plain", [:], true), ("/session/events", [:], true), ("/sessions", [:], false),
      ("/token", [:], false), ("/token", ["X-From": "inside"], true),
    ] as [(String, [String: String], Bool)] {
      let answer = try server.get(path, origin.merging(headers) { $1 })
      #expect((answer["vary"] != nil) == isThere, "\(path) \(headers)")
    }
  }

  @Test(arguments: [
    (#""match": "/a", "ignore": "/b""#, "can not both present"),
    (#""match": ["a"]"#, "a path begins with \"/\""), (#""ignore": [true]"#, "must be a path"),
    (#""ignore": { "regexp": "a", "flags": "g" }"#, "is no regular expression"),
    (#""match": { "context": "isOuter" }"#, "no unit adds \"isOuter\""),
  ])
  func `a place that makes no sense stops the start`(options: String, message: String) {
    let failure = #expect(throws: Failure.self) { _ = try server("{ \"cors\": { \(options) } }") }
    #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
    #expect(failure?.description.contains("cors") == true)
  }

  @Test func `an origin that is none stops the start`() {
    let failure = #expect(throws: Failure.self) { _ = try server(#"{ "cors": { "origin": 5 } }"#) }
    #expect(failure?.description.contains("config.cors.origin") == true)
  }
}

@Suite("i18n") struct I18nTests {
  private static let shared = Result { try Server(plugins: ["session", "i18n"]) }
  private func get(_ target: String, _ headers: [String: String] = [:]) throws -> Answer {
    try Self.shared.get().get(target, headers)
  }

  @Test(arguments: [
    ("/locale", [:], "en-us"), ("/locale?locale=zh_CN", [:], "zh-cn"),
    ("/locale?locale=ZH-cn", ["Cookie": "locale=de"], "zh-cn"),
    ("/locale", ["Cookie": "locale=de", "Accept-Language": "zh-CN"], "de"),
    ("/locale", ["Accept-Language": "fr;q=0.9,zh-CN;q=0.8,de;q=0.5"], "zh-cn"),
    ("/locale", ["Accept-Language": "fr, *"], "en-us"), ("/locale?locale=fr", [:], "en-us"),
    ("/locale?locale=%0d%0aSet-Cookie:x", [:], "en-us"),
  ])
  func `the locale comes from the query, the cookie, the header, the default`(
    target: String, headers: [String: String], locale: String
  ) throws {
    #expect(try get(target, headers).body == locale)
  }

  @Test func `the first look writes the cookie unless it is right already`() throws {
    let cookie = try #require(try get("/locale?locale=de").cookie("locale"))
    #expect(cookie.hasPrefix("locale=de; path=/; max-age=31557600; expires="))
    #expect(!cookie.contains("httponly"))
    #expect(try get("/locale", ["Cookie": "locale=de"])["set-cookie"] == nil)
    #expect(try get("/plain?locale=de")["set-cookie"] == nil)
  }

  @Test func `texts with values of every kind`() throws {
    let texts = try get("/text?locale=zh-CN").json as? [String: String]
    #expect(
      texts == [
        "plain": "邮箱", "same": "邮箱", "missing": "no such key", "nested": "姓名",
        "text": "欢迎回来，Ada!", "list": "你好 Ada! 我的名字叫 Bob。", "map": "{b} 中的 1",
        "signs": #"x 1.5 {"k":1} % %s"#, "more": "a 1 2",
      ])
    #expect(try get("/text").json["plain"] as? String == "Email")
  }

  @Test func `a request can choose, for itself and later`() throws {
    let answer = try get("/change/de")
    #expect(answer.body == "E-Mail" && answer.cookie("locale")?.hasPrefix("locale=de;") == true)
    #expect(try get("/change/%0a").status == 500)
  }

  @Test func `the configuration names fields, aliases and folders`() throws {
    let server = try Server(
      #"""
      { "i18n": { "defaultLocale": "de", "queryField": "lang", "cookieField": "lang",
        "cookieMaxAge": 60000, "localeAlias": { "zh": "zh_CN" }, "dirs": ["more"], "writeCookie": false } }
      """#, plugins: ["session", "i18n"]
    ) { folder in
      let more = folder.appendingPathComponent("more")
      try FileManager.default.createDirectory(at: more, withIntermediateDirectories: true)
      try Data(#"{ "Email": "overruled", "user.name": "Nom" }"#.utf8)
        .write(to: more.appendingPathComponent("fr.json"))
      try Data(#"{ "Email": "overruled", "user.name": "Name!" }"#.utf8)
        .write(to: more.appendingPathComponent("de.json"))
    }
    #expect(try server.get("/locale").body == "de")
    #expect(try server.get("/locale?lang=zh").body == "zh-cn")
    #expect(try server.get("/text?lang=fr").json["nested"] as? String == "Nom")
    let texts = try server.get("/text").json
    #expect(texts["plain"] as? String == "E-Mail" && texts["nested"] as? String == "Name!")
    #expect(try server.get("/locale?lang=zh")["set-cookie"] == nil)
  }

  private static let properties = #"""
    # a comment
    Email = Courriel
    ! another
    [user]
    name : No\u006d \
           de famille
    """#
  private static let yaml = #"""
    ---
    # a comment
    Email: 'L''e-mail'   # behind it
    user:
      name: "N\u006fm\t!"
      deeper:
        none: ~
        key with: colon: and more
    last: it
    """#

  @Test(arguments: [
    ("properties", properties, "Courriel", "Nom de famille"),
    ("yaml", yaml, "L'e-mail", "Nom\t!"), ("yml", yaml, "L'e-mail", "Nom\t!"),
  ])
  func `texts stand in properties and in YAML too`(
    format: String, text: String, email: String, name: String
  ) throws {
    let server = try Server(plugins: ["session", "i18n"]) {
      try Data(text.utf8).write(to: $0.appendingPathComponent("config/locale/fr." + format))
    }
    let texts = try server.get("/text?locale=fr").json
    #expect(texts["plain"] as? String == email)
    #expect(texts["nested"] as? String == name)
  }

  @Test(arguments: [
    ("de.yaml", "a: [1]", "line 1: expected a text"), ("de.yaml", "a: 1\n  b: 2", "line 2"),
    ("de.yaml", "a:\n\tb: 2", "line 2: expected spaces"),
    ("de.yaml", "- a", "expected \"KEY: TEXT\""),
    ("de.yaml", "a: \"x", "a closing"), ("de.yaml", "a: |\n  x", "line 1: expected a text"),
    ("de.properties", "a = 1\nnothing", "line 2: expected \"KEY = TEXT\""),
  ])
  func `what is no text is named with its line`(file: String, text: String, message: String) {
    let failure = #expect(throws: Failure.self) {
      _ = try Server(plugins: ["session", "i18n"]) {
        try Data(text.utf8).write(to: $0.appendingPathComponent("config/locale/" + file))
      }
    }
    #expect(failure?.description.contains("config/locale/" + file) == true)
    #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
  }

  @Test(arguments: ["[1]", "{ \"a\": }"])
  func `a file that is no object of texts stops the start and is named`(text: String) {
    let failure = #expect(throws: Failure.self) {
      _ = try Server(plugins: ["session", "i18n"]) {
        try Data(text.utf8).write(to: $0.appendingPathComponent("config/locale/de.json"))
      }
    }
    #expect(failure?.description.contains("EGG_I18N") == true)
    #expect(failure?.description.contains("config/locale/de.json") == true)
  }
}

@Suite("Protected pages") struct ProtectedPageTests {
  private func server(_ plugins: [String]) throws -> Server {
    try Server(
      #"{ "view": { "mapping": { ".njk": "nunjucks" } } }"#,
      plugins: ["session", "view", "nunjucks"] + plugins)
  }

  @Test func `posted forms get the token, scripts the nonce, __ the texts`() throws {
    let server = try server(["security", "i18n"])
    let page = try server.get("/page/form.njk?locale=zh-cn")
    let lines = page.body.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let field =
      /<form method="post" action="\/guarded"><input type="hidden" name="_csrf" value="([^"]+)" \/><input name="a"><\/form>/
    let token = try #require(lines[0].wholeMatch(of: field)).1
    #expect(lines[1] == #"<form action="/search"></form>"#)
    let script = /<script nonce="[\w-]{16}">let a = "\\x3c\\x2fscript\\x3e"<\/script>/
    #expect(lines[2].wholeMatch(of: script) != nil)
    #expect(lines[3].contains(#"<input type="hidden" name="_csrf" value=""#))
    #expect(lines[4] == "邮箱|hello Ada|姓名|<b>b</b>")
    let headers = ["Cookie": page.cookies]
    #expect(
      try server.send("POST", "/guarded", headers: headers, form: "_csrf=\(token)").status == 200)
  }
}
