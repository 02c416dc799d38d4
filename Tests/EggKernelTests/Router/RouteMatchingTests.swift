import Testing

@testable import EggKernel

@Suite("Route matching") struct RouteMatchingTests {
  @Test func `the path is compared with case`() throws {
    let table = RouteTable()
    try table.get("/user/:id", 1)
    #expect(table.probe(.get, "/User/1").outcome == .notFound)
    #expect(table.probe(.get, "/user/1").params == ["id": "1"])
  }

  @Test(arguments: ["/a", "/a/"])
  func `a trailing slash makes no difference`(pattern: String) throws {
    let table = RouteTable()
    try table.get(pattern, 1)
    #expect(table.probe(.get, "/a").outcome == .route)
    #expect(table.probe(.get, "/a/").outcome == .route)
    #expect(table.probe(.get, "/a//").outcome == .notFound)
    #expect(table.probe(.get, "/ab").outcome == .notFound)
    #expect(table.probe(.get, "/a/b").outcome == .notFound)
  }

  @Test func `a parameter takes a path with a trailing slash too`() throws {
    #expect(try RouteTable.params(.path("/user/:id"), "/user/1/") == ["id": "1"])
  }

  @Test func `strict routes mind the trailing slash`() throws {
    let strict = RouteOptions(strict: true)
    #expect(try RouteTable.params(.path("/a"), "/a/", options: strict) == nil)
    #expect(try RouteTable.params(.path("/a"), "/a", options: strict) == [:])
    #expect(try RouteTable.params(.path("/a/"), "/a", options: strict) == nil)
    #expect(try RouteTable.params(.path("/a/"), "/a/", options: strict) == [:])
    #expect(try RouteTable.params(.path("/:id"), "/x/", options: strict) == nil)
  }

  @Test func `an insensitive route ignores the case of its literals and keeps values`() throws {
    let loose = RouteOptions(sensitive: false)
    #expect(
      try RouteTable.params(.path("/User/:id/Edit"), "/uSER/AbC/eDIT", options: loose) == [
        "id": "AbC"
      ])
    #expect(try RouteTable.params(.path("/User/:id/Edit"), "/uSE/AbC/eDIT", options: loose) == nil)
  }

  @Test func `the earlier route wins, however general it is`() throws {
    let table = RouteTable()
    try table.get("/user/:id", 1)
    try table.get("/user/new", 2)
    let probe = table.probe(.get, "/user/new")
    #expect(probe.handlers == [1, 2])
    #expect(probe.params == ["id": "new"])
    #expect(probe.matched == [0, 1])
  }

  @Test func `all matching routes are chained in registration order`() throws {
    let table = RouteTable()
    try table.get("/a", 1)
    try table.get("*", 2)
    try table.get("/:x", 3)
    try table.register(methods: .post, .path("/a"), handlers: [4])
    try table.register(methods: .get, .regex("^/a$"), handlers: [5])
    try table.get("/a", 6)
    #expect(table.probe(.get, "/a").handlers == [1, 2, 3, 5, 6])
    #expect(table.probe(.get, "/a").matched == [0, 1, 2, 3, 4, 5])
    #expect(table.probe(.post, "/a").handlers == [4])
  }

  @Test func `parameters of several layers gather, and a layer does not see later ones`() throws {
    let table = RouteTable()
    try table.get("/:a/x", 1)
    try table.get("/:b/:a", 2)
    try table.get("/:b/:c?", 3)
    var result = MatchResult()
    #expect(table.probe(.get, "/1/x", into: &result).params == ["a": "x", "b": "1", "c": "x"])
    #expect(table.param("a", in: result, upToLayer: 0)?.range == 1..<2)
    #expect(table.param("a", in: result, upToLayer: 1)?.range == 3..<4)
    #expect(table.param("b", in: result, upToLayer: 0) == nil)
    #expect(result.captures(ofLayer: 1).map(\.range) == [1..<2, 3..<4])
  }

  @Test func `layers run only when a real route matches`() throws {
    let table = RouteTable()
    try table.use(handlers: [1])
    try table.use("/a", handlers: [2])
    try table.get("/a/b", 3)
    try table.use(handlers: [4])
    #expect(table.probe(.get, "/a/b").handlers == [1, 2, 3, 4])
    #expect(table.probe(.get, "/a").handlers == [])
    #expect(table.probe(.get, "/a").outcome == .notFound)
    #expect(table.probe(.get, "/a").matched == [0, 1, 3])
  }

  @Test func `a layer's path is a beginning that ends with a segment`() throws {
    let table = RouteTable()
    try table.use("/api", handlers: [1])
    try table.use("/api/:version", handlers: [2])
    try table.get("*", 3)
    #expect(table.probe(.get, "/api").handlers == [1, 3])
    #expect(table.probe(.get, "/api/").handlers == [1, 3])
    #expect(table.probe(.get, "/api/v1/x").handlers == [1, 2, 3])
    #expect(table.probe(.get, "/api/v1/x").params["version"] == "v1")
    #expect(table.probe(.get, "/apis").handlers == [3])
  }

  @Test func `HEAD comes with GET`() throws {
    let table = RouteTable()
    try table.get("/a", 1)
    #expect(table.probe(.head, "/a").handlers == [1])
    #expect(table.routes[0].methods.names == ["HEAD", "GET"])
  }

  @Test func `duplicates are registered without complaint`() throws {
    let table = RouteTable()
    try table.get("/a", 1)
    try table.get("/a", 1)
    #expect(table.probe(.get, "/a").handlers == [1, 1])
  }

  @Test func `values are percent-decoded, malformed ones stay as they came`() throws {
    let pattern = RoutePattern.path("/user/:id")
    #expect(try RouteTable.params(pattern, "/user/%E4%BD%A0") == ["id": "你"])
    #expect(try RouteTable.params(pattern, "/user/%zz") == ["id": "%zz"])
    #expect(try RouteTable.params(pattern, "/user/a%20b%zz") == ["id": "a%20b%zz"])
    #expect(try RouteTable.params(pattern, "/user/%ff") == ["id": "%ff"])
    #expect(try RouteTable.params(pattern, "/user/%e4%bd") == ["id": "%e4%bd"])
    #expect(try RouteTable.params(pattern, "/user/%C0%AF") == ["id": "%C0%AF"])
    #expect(try RouteTable.params(pattern, "/user/%4") == ["id": "%4"])
    #expect(try RouteTable.params(pattern, "/user/%") == ["id": "%"])
    #expect(try RouteTable.params(pattern, "/user/a+b") == ["id": "a+b"])
  }

  @Test func `the path is matched before it is decoded`() throws {
    #expect(try RouteTable.params(.path("/a/:x"), "/a/b%2Fc") == ["x": "b/c"])
    #expect(try RouteTable.params(.path("/a"), "/%61") == nil)
  }

  @Test func `one result serves many requests`() throws {
    let table = RouteTable()
    try table.get("/user/:id", 1)
    var result = MatchResult()
    #expect(table.probe(.get, "/user/1", into: &result).params == ["id": "1"])
    #expect(table.probe(.get, "/nothing", into: &result).outcome == .notFound)
    #expect(result.captures.isEmpty && result.layers.isEmpty && result.pathMatches.isEmpty)
    #expect(table.probe(.get, "/user/2", into: &result).params == ["id": "2"])
  }

  @Test func `a route added after a match is found`() throws {
    let table = RouteTable()
    try table.get("/a", 1)
    #expect(table.probe(.get, "/b").outcome == .notFound)
    try table.get("/b", 2)
    #expect(table.probe(.get, "/b").handlers == [2])
  }

  @Test(arguments: ["", "*", "a", "//", "/%", "/\u{0}"])
  func `odd paths are not found, nothing worse`(path: String) throws {
    let table = RouteTable()
    try table.get("/a", 1)
    try table.get("/b/:id", 2)
    try table.register(methods: .get, .regex("^/c/(\\d+)$"), handlers: [3])
    #expect(table.probe(.get, path).outcome == .notFound)
  }

  @Test func `the root matches with and without its slash`() throws {
    #expect(try RouteTable.params(.path("/"), "/") == [:])
    #expect(try RouteTable.params(.path("/"), "") == [:])
    #expect(try RouteTable.params(.path("/"), "/a") == nil)
  }

  @Test func `a captured regular expression numbers its groups`() throws {
    #expect(
      try RouteTable.params(.regex("^/f/(\\w+)(?:-(\\d+))?$"), "/f/ab-12") == [
        "0": "ab", "1": "12",
      ])
    #expect(
      try RouteTable.params(.regex("^/f/(\\w+)(?:-(\\d+))?$"), "/f/ab") == ["0": "ab", "1": nil])
    #expect(try RouteTable.params(.regex("users", flags: "i"), "/all/USERS/x") == [:])
    #expect(try RouteTable.params(.regex("^/A$"), "/a", options: .init(sensitive: false)) == [:])
  }
}

@Suite("Method not allowed") struct RouteMethodTests {
  private func table() throws -> RouteTable {
    let table = RouteTable()
    try table.get("/a", 1)
    try table.register(methods: [.post, .delete], .path("/:x"), handlers: [2])
    return table
  }

  @Test func `a known path with another method lists what it allows`() throws {
    let probe = try table().probe(.put, "/a")
    #expect(probe.outcome == .methodNotAllowed)
    #expect(probe.allow == "HEAD, OPTIONS, GET, POST, DELETE")
    #expect(probe.handlers == [])
    #expect(try table().probe(.put, "/b").allow == "OPTIONS, POST, DELETE")
  }

  @Test func `an unknown path is not found and allows nothing`() throws {
    let probe = try table().probe(.put, "/a/b")
    #expect(probe.outcome == .notFound)
    #expect(probe.allow == "")
  }

  @Test func `OPTIONS is answered for a known path`() throws {
    #expect(try table().probe(.options, "/a").outcome == .options)
    #expect(try table().probe(.options, "/a/b").outcome == .notFound)
  }

  @Test func `a route for OPTIONS goes first`() throws {
    let table = try table()
    try table.register(methods: .options, .path("/a"), handlers: [9])
    #expect(table.probe(.options, "/a").handlers == [9])
  }

  @Test func `a method that no route uses is not implemented`() throws {
    let table = try table()
    #expect(table.probe(nil, "/a").outcome == .notImplemented)
    #expect(table.probe(.propfind, "/a").outcome == .notImplemented)
    #expect(table.probe(.propfind, "/none").outcome == .notImplemented)
    try table.register(methods: .init(.propfind), .path("/dav"), handlers: [3])
    #expect(table.probe(.propfind, "/dav").handlers == [3])
    #expect(table.probe(.propfind, "/a").outcome == .methodNotAllowed)
  }

  @Test func `all means every known method`() throws {
    let table = RouteTable()
    try table.register(methods: .all, .path("/a"), handlers: [1])
    for method in RouteMethod.allCases { #expect(table.probe(method, "/a").handlers == [1]) }
    #expect(RouteMethod.allCases.count >= 30)
    #expect(table.probe(nil, "/a").outcome == .notImplemented)
  }

  @Test func `a layer is no route`() throws {
    let table = RouteTable()
    try table.use("/a", handlers: [1])
    #expect(table.probe(.get, "/a").outcome == .notFound)
    #expect(table.probe(.options, "/a").outcome == .notFound)
  }

  @Test func `names and numbers of methods agree`() {
    for method in RouteMethod.allCases { #expect(RouteMethod(name: method.name) == method) }
    #expect(RouteMethod(name: "get") == nil)
    #expect(RouteMethod(name: "M-SEARCH") == .mSearch)
  }
}
