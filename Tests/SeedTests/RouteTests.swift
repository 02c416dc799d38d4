import Testing

@Suite("Routes through the kernel") struct RouteTests {
  let seed: Serving

  init() throws { seed = try Serving.shared.get() }

  @Test func `a controller can be named by text`() throws {
    #expect(try seed.get("/text/user/9").body == #"{"user":{"asked":1,"id":9,"name":"user 9"}}"#)
    #expect(try seed.get("/admin/user/x").body == "admin x")
  }

  @Test func `parameters are matched and decoded`() throws {
    #expect(
      try seed.get("/pair/a%20b/to/c").body
        == #"{"params":{"from":"a b","to":"c"},"name":"pair","path":"/pair/:from/to/:to?"}"#)
    #expect(try seed.get("/pair/a/to").body.hasPrefix(#"{"params":{"from":"a"}"#))
    #expect(try seed.get("/admin/5").body == "admin 5")
    #expect(try seed.get("/admin/x").status == 404)
    #expect(try seed.get("/post/3/x/y").body == "3|x/y")
  }

  @Test func `a handler sees what was captured, undecoded, and every route of the path`() throws {
    #expect(
      try seed.get("/captured/a%20b").body
        == #"{"captures":["a%20b",""],"matched":[" /captured/:name/:rest?","captured /captured/:id"]}"#
    )
  }

  @Test func `a middleware can have another path routed`() throws {
    #expect(try seed.get("/captured/x?route=/matched").body == "/matched")
    #expect(try seed.get("/captured/x?route=/pair/a%2520b/to").body.contains(#""from":"a b""#))
  }

  @Test func `an extension file of an environment counts in that environment only`() throws {
    #expect(try seed.get("/whoami").body == "hi, /whoami!")
    #expect(try Serving(env: "prod").get("/whoami").body == "production!")
  }

  @Test func `named routes have urls`() throws {
    #expect(
      try seed.get("/urls").body
        == #"["/user/7","/articles","/articles/3","/pair/a%20b/to/c?q=x","#
        + #""http://localhost:7001/user/1",""]"#)
  }

  @Test func `a resource has the routes of the actions that are there`() throws {
    #expect(try seed.get("/articles").body == "index")
    #expect(try seed.get("/articles/new").body == "new")
    #expect(try seed.ask("POST", "/articles").body == "create")
    #expect(try seed.get("/articles/3").body == "show 3")
    #expect(try seed.ask("DELETE", "/articles/3").status == 204)
    #expect(try seed.ask("PUT", "/articles/3").status == 405)
    #expect(try seed.get("/articles/3/edit").status == 404)
  }

  @Test func `HEAD is a GET without a body`() throws {
    let answer = try seed.ask("HEAD", "/text")
    #expect(answer.status == 200)
    #expect(answer["content-length"] == "4")
    #expect(answer.bytes.isEmpty)
  }

  @Test func `OPTIONS and other methods say what is allowed`() throws {
    let options = try seed.ask("OPTIONS", "/post")
    #expect(options.status == 200)
    #expect(Set(options["allow"]?.components(separatedBy: ", ") ?? []) == ["POST", "OPTIONS"])
    let refused = try seed.ask("DELETE", "/text")
    #expect(refused.status == 405)
    #expect(
      Set(refused["allow"]?.components(separatedBy: ", ") ?? []) == ["GET", "HEAD", "OPTIONS"])
    #expect(try seed.ask("BREW", "/text").status == 501)
  }

  @Test func `a form can say the method it means`() throws {
    let answer = try seed.ask(
      "POST", "/articles/3", ["Content-Type": "application/x-www-form-urlencoded"],
      body: "_method=DELETE")
    #expect(answer.status == 204)
  }

  @Test func `redirects, namespaces and routes one after the other`() throws {
    let moved = try seed.get("/old")
    #expect((moved.status, moved["location"]) == (302, "/text"))
    let api = try seed.get("/api/thing")
    #expect((api.body, api["x-typed"]) == ("thing", "api"))
    let passed = try seed.get("/pass")
    #expect((passed.body, passed["x-passed"]) == ("behind", "yes"))
  }

  @Test(arguments: [
    ("/matched", true, false), ("/matched/deep", true, false), ("/matchedNot", false, true),
    ("/ignored", false, false), ("/text", false, true),
  ])
  func `match, ignore and enable decide where a middleware runs`(
    path: String, matched: Bool, ignoring: Bool
  ) throws {
    let answer = try seed.get(path)
    #expect((answer["x-matched"] != nil) == matched)
    #expect((answer["x-ignoring"] != nil) == ignoring)
    #expect(answer["x-switched-off"] == nil)
  }

  @Test func `a service is one object for a request and another for the next`() throws {
    for _ in 1...2 {
      #expect(
        try seed.get("/user/twice").body
          == #"{"second":{"user":{"asked":2,"id":2,"name":"user 2"}},"posts":["first","second"]}"#)
    }
  }
}

@Suite("Cookies through the kernel") struct CookieTests {
  @Test func `cookies are signed, encrypted and read back`() throws {
    let seed = try Serving.shared.get()
    let set = try seed.get("/cookie/set")
    #expect(set.all("set-cookie").count == 4)
    #expect(!set.cookies.contains("two"), "it is encrypted")
    let plain = try #require(set.all("set-cookie").first { $0.hasPrefix("plain=") })
    #expect(plain.contains("max-age=60") && !plain.contains("httponly"))
    #expect(
      try seed.get("/cookie/get", ["Cookie": set.cookies]).body
        == #"{"signed":"one","secret":"two","plain":"three","plainChecked":null}"#)
  }

  @Test func `a forged cookie is none`() throws {
    let seed = try Serving.shared.get()
    let forged = try seed.get("/cookie/set").cookies.replacing("signed=one", with: "signed=ten")
      .replacing("secret=", with: "secret=AA")
    #expect(
      try seed.get("/cookie/get", ["Cookie": forged]).body
        == #"{"signed":null,"secret":null,"plain":"three","plainChecked":null}"#)
  }

  @Test func `keys can be rotated`() throws {
    let old = try Serving(variables: ["SEED_KEYS": "old key"])
    let cookies = try old.get("/cookie/set").cookies
    let new = try Serving(variables: ["SEED_KEYS": "new key,old key"])
    let answer = try new.get("/cookie/get", ["Cookie": cookies])
    #expect(answer.body.hasPrefix(#"{"signed":"one","secret":"two""#))
    // Signed again with the first key, so that the old one can go some day.
    let resigned = try #require(answer.all("set-cookie").first { $0.hasPrefix("signed.sig=") })
    let expected = try new.get("/cookie/set").all("set-cookie").first {
      $0.hasPrefix("signed.sig=")
    }
    #expect(resigned.prefix { $0 != ";" } == expected?.prefix { $0 != ";" })
    let other = try Serving(variables: ["SEED_KEYS": "new key"])
    #expect(
      try other.get("/cookie/get", ["Cookie": cookies]).body.hasPrefix(
        #"{"signed":null,"secret":null"#))
  }
}
