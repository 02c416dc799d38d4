import Testing

@testable import EggKernel

@Suite("Route registration") struct RouteRegistrationTests {
  // MARK: Arguments

  @Test(
    arguments: [
      (RouteArgument.string("/a"), RouteArgument.handler, nil, [RoutePattern.path("/a")], nil, 1),
      (.string("/a"), .string("user.info"), "user.info", [.path("/a")], "user.info", 2),
      (.regex("^a"), .handler, nil, [.regex("^a")], nil, 1),
      (
        .regex("^a", flags: "i"), .string("api.v1.x"), "api.v1.x", [.regex("^a", flags: "i")],
        "api.v1.x", 2
      ),
      (.list([.string("/a"), .regex("b")]), .handler, nil, [.path("/a"), .regex("b")], nil, 1),
      (.string("user"), .string("/user/:id"), "user", [.path("/user/:id")], nil, 2),
      (.string("user"), .regex("u"), "user", [.regex("u")], nil, 2),
      (
        .string("user"), .list([.string("/a"), .string("/b")]), "user", [.path("/a"), .path("/b")],
        nil, 2
      ),
      (.string("user"), .handler, nil, [.path("user")], nil, 1),
      (.string("/a"), .regex("x"), nil, [.path("/a")], nil, 1),
    ] as [(RouteArgument, RouteArgument, String?, [RoutePattern], String?, Int)])
  func `name and path are told apart`(
    first: RouteArgument, second: RouteArgument, name: String?, patterns: [RoutePattern],
    controller: String?, used: Int
  ) throws {
    #expect(
      try RouteArguments.interpret(first: first, second: second)
        == RouteArguments(name: name, patterns: patterns, controller: controller, used: used))
  }

  @Test(
    arguments: [
      (RouteArgument.string("/a"), RouteArgument?.none, "only one argument"),
      (.handler, .handler, "the first argument is a handler"),
      (.string("/a"), .string(""), "controller not exists"),
      (.list([]), .handler, "an empty list"),
      (.list([.handler]), .handler, "a handler where a path is expected"),
    ] as [(RouteArgument, RouteArgument?, String)])
  func `arguments that mean nothing are refused`(
    first: RouteArgument, second: RouteArgument?, text: String
  ) throws {
    let error = try #require(throws: RouterError.self) {
      try RouteArguments.interpret(first: first, second: second)
    }
    #expect(error.code == .argument)
    #expect(error.message.contains(text))
  }

  @Test func `a route without a method is refused`() throws {
    let error = try #require(throws: RouterError.self) {
      try RouteTable().register(methods: [], .path("/a"), handlers: [1])
    }
    #expect(error.code == .argument)
  }

  // MARK: param

  @Test func `param handlers run first, in the order of the path`() throws {
    let table = RouteTable()
    try table.get("/:a/:b", 1)
    table.param("b", handler: 20)
    table.param("a", handler: 10)
    try table.get("/x/:b", 2)
    try table.get("/y", 3)
    #expect(table.routes[0].stack.map(\.handler) == [10, 20, 1])
    #expect(table.routes[0].stack.map(\.parameter) == [0, 1, nil])
    #expect(table.routes[1].stack.map(\.handler) == [20, 2])
    #expect(table.routes[2].stack.map(\.handler) == [3])
  }

  @Test func `a namespace's param handler stays inside`() throws {
    let table = RouteTable()
    let admin = try table.namespace("/admin")
    admin.param("id", handler: 9)
    try admin.register(methods: .get, .path("/:id"), handlers: [1])
    try table.get("/:id", 2)
    #expect(table.routes[0].stack.map(\.handler) == [9, 1])
    #expect(table.routes[1].stack.map(\.handler) == [2])
  }

  // MARK: prefix

  @Test func `a prefix goes before existing and later routes`() throws {
    let table = RouteTable()
    try table.get("/a", 1)
    try table.prefix("/api/")
    try table.get("/b/:id", 2)
    try table.get("/", 3)
    try table.register(name: "c", methods: .get, .path("/c"), handlers: [4])
    #expect(table.probe(.get, "/a").outcome == .notFound)
    #expect(table.probe(.get, "/api/a").handlers == [1])
    #expect(table.probe(.get, "/api/b/7").params == ["id": "7"])
    #expect(table.probe(.get, "/api").handlers == [3])
    #expect(table.routes[1].path == "/api/b/:id")
    #expect(try table.url("c") == "/api/c")
  }

  @Test func `a prefix with a parameter gives the parameter`() throws {
    let table = RouteTable()
    table.param("tenant", handler: 5)
    try table.get("/a/:id", 1)
    try table.prefix("/:tenant")
    let probe = table.probe(.get, "/acme/a/7")
    #expect(probe.params == ["tenant": "acme", "id": "7"])
    #expect(probe.handlers == [5, 1])
  }

  @Test func `a regular expression sees what follows the prefix`() throws {
    let table = RouteTable()
    try table.prefix("/api")
    try table.register(methods: .get, .regex("^/u/(\\d+)$"), handlers: [1])
    #expect(table.probe(.get, "/api/u/7").params == ["0": "7"])
    #expect(table.probe(.get, "/u/7").outcome == .notFound)
    #expect(table.probe(.get, "/apix/u/7").outcome == .notFound)
    try table.register(methods: .get, .regex("^x/(\\d+)$"), handlers: [2])
    #expect(table.probe(.get, "/apix/7").outcome == .notFound)
  }

  @Test func `a prefix that a route cannot take changes nothing`() throws {
    let table = RouteTable()
    try table.get("/a", 1)
    try table.register(methods: .get, .regex("^/r$"), handlers: [2])
    #expect(throws: RouterError.self) { try table.prefix("/:tenant") }
    try table.get("/b", 3)
    #expect(table.probe(.get, "/a").handlers == [1])
    #expect(table.probe(.get, "/r").handlers == [2])
    #expect(table.probe(.get, "/b").handlers == [3])
  }

  @Test func `a prefix without a slash in front is refused`() throws {
    let error = try #require(throws: RouterError.self) { try RouteTable().prefix("api") }
    #expect(error.code == .argument)
  }

  @Test func `a second prefix goes before the first for the routes that had it`() throws {
    let table = RouteTable()
    try table.get("/x", 1)
    try table.prefix("/a")
    try table.prefix("/b")
    try table.get("/x", 2)
    #expect(table.probe(.get, "/b/a/x").handlers == [1])
    #expect(table.probe(.get, "/b/x").handlers == [2])
  }

  @Test func `a prefix can be one unit's`() throws {
    let table = RouteTable()
    let blog = RouteOrigin(owner: "blog")
    try table.register(methods: .get, .path("/a"), handlers: [1], origin: blog)
    try table.get("/a", 2)
    try table.prefix("/blog", owner: "blog")
    try table.register(methods: .get, .path("/b"), handlers: [3], origin: blog)
    #expect(table.probe(.get, "/blog/a").handlers == [1])
    #expect(table.probe(.get, "/a").handlers == [2])
    #expect(table.probe(.get, "/blog/b").handlers == [3])
  }

  // MARK: namespaces

  @Test func `a namespace puts its prefix and its handlers before each route`() throws {
    let table = RouteTable()
    let admin = try table.namespace("/admin/", handlers: [1])
    try admin.register(name: "users", methods: .get, .path("/users"), handlers: [2])
    let inner = try admin.namespace("/deep", handlers: [3])
    try inner.register(methods: .get, .path("/:id"), handlers: [4])
    try admin.resources(name: "posts", "/posts") { $0 == "show" ? [5] : nil }
    #expect(table.probe(.get, "/admin/users").handlers == [1, 2])
    #expect(table.probe(.get, "/admin/deep/9").handlers == [1, 3, 4])
    #expect(table.probe(.get, "/admin/posts/9").handlers == [1, 5])
    #expect(try table.url("users") == "/admin/users")
    #expect(try table.url("post", [("id", ["9"])]) == "/admin/posts/9")
  }

  @Test func `the same namespace twice combines`() throws {
    let table = RouteTable()
    try table.namespace("/n").register(methods: .get, .path("/a"), handlers: [1])
    try table.namespace("/n").register(methods: .get, .path("/a"), handlers: [2])
    #expect(table.probe(.get, "/n/a").handlers == [1, 2])
  }

  @Test func `a namespace's layer runs inside it only`() throws {
    let table = RouteTable()
    let admin = try table.namespace("/admin")
    try admin.use(handlers: [1])
    try admin.register(methods: .get, .path("/a"), handlers: [2])
    try table.get("/b", 3)
    #expect(table.probe(.get, "/admin/a").handlers == [1, 2])
    #expect(table.probe(.get, "/b").handlers == [3])
  }

  @Test(arguments: ["/", "", "admin", "//"])
  func `a namespace needs a real prefix`(prefix: String) throws {
    let error = try #require(throws: RouterError.self) { try RouteTable().namespace(prefix) }
    #expect(error.code == .argument)
  }

  // MARK: declared prefixes

  @Test(arguments: [
    ("/wiki", true), ("/wiki/", true), ("/wiki/:page", true), ("/wiki/:page?", true),
    ("/wiki/*", true), ("/wiki/a/b", true), ("/wikis", false), ("/", false), ("*", false),
    ("/:any", false), ("/wiki*", false), ("/wiki:x", false), ("/wiki.:ext", false),
    ("/Wiki", false),
  ])
  func `a plugin stays below its declared prefix`(path: String, isAllowed: Bool) throws {
    let table = RouteTable()
    let origin = RouteOrigin(
      owner: "egg-wiki", allowedPrefix: "/wiki", file: "plugin.swift", line: 3)
    if isAllowed {
      try table.register(methods: .get, .path(path), handlers: [1], origin: origin)
    } else {
      let error = try #require(throws: RouterError.self) {
        try table.register(methods: .get, .path(path), handlers: [1], origin: origin)
      }
      #expect(error.code == .prefix)
      #expect(error.place == "plugin.swift:3")
      #expect(
        error.message.hasPrefix(
          "\"\(path)\" of \"egg-wiki\" is not below \"/wiki\", the prefix that"))
      #expect(table.routes.isEmpty)
    }
  }

  @Test func `layers, expressions, redirects and resources are held to the prefix too`() throws {
    let table = RouteTable()
    let origin = RouteOrigin(owner: "p", allowedPrefix: "/p")
    #expect(throws: RouterError.self) { try table.use(handlers: [1], origin: origin) }
    #expect(throws: RouterError.self) {
      try table.register(methods: .get, .regex("^/p/"), handlers: [1], origin: origin)
    }
    #expect(throws: RouterError.self) { try table.redirect("/x", "/p", origin: origin) }
    #expect(throws: RouterError.self) {
      try table.resources("/posts", origin: origin) { _ in [1] }
    }
    let inside = try table.namespace("/p", origin: origin)
    try inside.use(handlers: [1])
    try inside.register(methods: .get, .regex("^/\\d+$"), handlers: [2])
    #expect(table.probe(.get, "/p/12").handlers == [1, 2])
    #expect(table.probe(.get, "/12").outcome == .notFound)
  }

  // MARK: redirect

  @Test func `a redirect answers every method`() throws {
    let table = RouteTable()
    try table.redirect("/old/:id", "/new")
    try table.redirect("/tmp", "https://example.com/x", status: 302)
    #expect(table.routes[0].redirect == RouteRedirect(location: "/new", status: 301))
    #expect(
      table.routes[1].redirect == RouteRedirect(location: "https://example.com/x", status: 302))
    for method in RouteMethod.allCases {
      #expect(table.probe(method, "/old/7").outcome == .route)
    }
  }

  @Test func `either side of a redirect may be a name`() throws {
    let table = RouteTable()
    try table.prefix("/api")
    try table.register(name: "home", methods: .get, .path("/home"), handlers: [1])
    try table.register(name: "old", methods: .post, .path("/old"), handlers: [2])
    try table.redirect("old", "home")
    #expect(table.routes[2].redirect?.location == "/api/home")
    #expect(table.probe(.get, "/api/old").matched == [1, 2])
  }

  @Test func `a redirect to nowhere is refused`() throws {
    let table = RouteTable()
    let error = try #require(throws: RouterError.self) { try table.redirect("/a", "nobody") }
    #expect(error.code == .name)
    #expect(error.message.contains("\"nobody\""))
    #expect(throws: RouterError.self) { try table.redirect("/a", "/b", status: 200) }
    #expect(throws: RouterError.self) { try table.redirect("/a", "/b\r\nSet-Cookie: x=1") }
  }

  // MARK: dump

  @Test func `the dump lists each layer with its owner and place`() throws {
    let table = RouteTable()
    table.param("id", handler: 5)
    try table.register(
      name: "user", methods: .get, .path("/user/:id"), handlers: [1, 2],
      origin: RouteOrigin(owner: "blog", file: "app/router.swift", line: 12))
    try table.use(handlers: [3])
    try table.register(methods: .post, .regex("^/(x)", flags: "i"), handlers: [4])
    try table.redirect("/a", "/b")
    let dump = table.dump()
    #expect(
      dump[0]
        == RouteDump(
          name: "user", methods: ["HEAD", "GET"], paramNames: ["id"], path: "/user/:id",
          regexp: #"/^\/user\/((?:[^\/]+?))(?:\/(?=$))?$/"#, stack: [5, 1, 2], owner: "blog",
          source: "app/router.swift:12"))
    #expect(dump[1].methods == [] && dump[1].path == "(.*)" && dump[1].paramNames == [])
    #expect(dump[2].regexp == "/^/(x)/i" && dump[2].paramNames == ["0"] && dump[2].source == nil)
    #expect(dump[3].redirect?.location == "/b")
    #expect(dump.count == 4)
  }
}
