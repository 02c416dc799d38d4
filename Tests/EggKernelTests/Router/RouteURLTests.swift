import Testing

@testable import EggKernel

@Suite("Route URLs") struct RouteURLTests {
  private func table() throws -> RouteTable {
    let table = RouteTable()
    try table.resources(name: "posts", "/api/posts") { _ in [1] }
    try table.register(name: "code", methods: .get, .path("/c/:id(\\d+)/:rest*"), handlers: [1])
    try table.register(name: "ask", methods: .get, .path("/ask\\?x=1"), handlers: [1])
    try table.register(name: "re", methods: .get, .regex("^/r"), handlers: [1])
    try table.register(name: "file", methods: .get, .path("/f-:name.:ext/*"), handlers: [1])
    return table
  }

  @Test(
    arguments: [
      ("posts", [("page", ["2"])], "/api/posts?page=2"),
      ("edit_post", [("id", ["1"]), ("tags", ["a", "b"])], "/api/posts/1/edit?tags=a&tags=b"),
      ("post", [("id", ["7"])], "/api/posts/7"),
      ("post", [], "/api/posts/:id"),
      ("post", [("id", ["a/b 你"])], "/api/posts/a%2Fb%20%E4%BD%A0"),
      ("post", [("id", ["1", "2"])], "/api/posts/1"),
      ("posts", [("a b&", ["x=y"])], "/api/posts?a%20b%26=x%3Dy"),
      ("posts", [("none", [])], "/api/posts"),
      ("posts", [("v", ["null"])], "/api/posts?v=null"),
      ("nobody", [("a", ["1"])], ""),
      ("code", [("id", ["5"]), ("rest", ["x"])], "/c/5/x"),
      ("code", [("id", ["5"])], "/c/5/:rest*"),
      ("ask", [("y", ["2"])], "/ask?x=1&y=2"),
      ("file", [("name", ["n"]), ("ext", ["e"])], "/f-n.e/*"),
    ] as [(String, RouteParameters, String)])
  func `a name and parameters give a URL`(name: String, params: RouteParameters, url: String) throws
  {
    #expect(try table().url(name, params) == url)
  }

  @Test func `an extra query never fills a parameter`() throws {
    #expect(try table().url("post", [("id", ["1"])], query: [("id", ["2"])]) == "/api/posts/1?id=2")
  }

  @Test func `a regular expression has no URL`() throws {
    let error = try #require(throws: RouterError.self) { try table().url("re") }
    #expect(error.message.contains("/^/r/"))
  }

  @Test func `the first route of a name answers`() throws {
    let table = RouteTable()
    try table.register(name: "x", methods: .get, .path("/1"), handlers: [1])
    try table.register(name: "x", methods: .get, .path("/2"), handlers: [1])
    #expect(try table.url("x") == "/1")
  }

  @Test func `a component keeps exactly the unreserved characters`() {
    #expect(URIComponent.encode("AZaz09-_.!~*'()") == "AZaz09-_.!~*'()")
    #expect(URIComponent.encode("#$&+,/:;=?@%\"") == "%23%24%26%2B%2C%2F%3A%3B%3D%3F%40%25%22")
  }
}

@Suite("RESTful resources") struct RouteResourcesTests {
  @Test func `the table is Egg's`() {
    let rows = RouteResources.rows(name: "posts", prefix: "/api/posts/")
    #expect(rows.map(\.action) == ["index", "new", "create", "show", "edit", "update", "destroy"])
    #expect(
      rows.map(\.path) == [
        "/api/posts", "/api/posts/new", "/api/posts", "/api/posts/:id", "/api/posts/:id/edit",
        "/api/posts/:id", "/api/posts/:id",
      ])
    #expect(
      rows.map(\.routeName) == [
        "posts", "new_post", "posts", "post", "edit_post", "post", "destroy_post",
      ])
    #expect(rows.map(\.methods) == [.get, .get, .post, .get, .get, [.put, .patch], .delete])
  }

  @Test func `without a name only the prefixed names remain`() {
    let names = RouteResources.rows(name: nil, prefix: "/posts").map(\.routeName)
    #expect(names == [nil, "new_", nil, nil, "edit_", nil, "destroy_"])
  }

  @Test func `a missing action leaves its row out`() throws {
    let table = RouteTable()
    let all = ["index": [1], "show": [2], "update": [3], "destroy": [4]]
    try table.resources(name: "posts", "/posts") { all[$0] }
    #expect(table.routes.count == 4)
    let probe = table.probe(.get, "/posts/new")
    #expect(probe.handlers == [2])
    #expect(probe.params == ["id": "new"])
    #expect(table.probe(.put, "/posts/1").handlers == [3])
    #expect(table.probe(.patch, "/posts/1").handlers == [3])
    #expect(table.probe(.delete, "/posts/1").handlers == [4])
    #expect(table.probe(.post, "/posts").outcome == .methodNotAllowed)
  }

  @Test func `new is reached before show`() throws {
    let table = RouteTable()
    try table.resources(name: "posts", "/posts") { $0 == "new" ? [1] : $0 == "show" ? [2] : nil }
    #expect(table.probe(.get, "/posts/new").handlers == [1, 2])
  }

  @Test func `resources may stand at the root`() throws {
    let table = RouteTable()
    try table.resources("/") { $0 == "index" ? [1] : $0 == "show" ? [2] : nil }
    #expect(table.probe(.get, "/").handlers == [1])
    #expect(table.probe(.get, "/7").handlers == [2])
  }
}

@Suite("Inflector") struct InflectorTests {
  @Test(arguments: [
    ("post", "posts"), ("person", "people"), ("child", "children"), ("man", "men"),
    ("woman", "women"), ("human", "humans"), ("foot", "feet"), ("tooth", "teeth"),
    ("mouse", "mice"),
    ("goose", "geese"), ("category", "categories"), ("day", "days"), ("query", "queries"),
    ("box", "boxes"), ("branch", "branches"), ("cache", "caches"), ("wish", "wishes"),
    ("class", "classes"), ("address", "addresses"), ("status", "statuses"), ("bus", "buses"),
    ("house", "houses"), ("case", "cases"), ("database", "databases"), ("size", "sizes"),
    ("quiz", "quizzes"), ("wolf", "wolves"), ("knife", "knives"), ("life", "lives"),
    ("archive", "archives"), ("roof", "roofs"), ("hero", "heroes"), ("photo", "photos"),
    ("analysis", "analyses"), ("crisis", "crises"), ("index", "indices"), ("matrix", "matrices"),
    ("medium", "media"), ("movie", "movies"), ("cookie", "cookies"), ("alias", "aliases"),
    ("canvas", "canvases"), ("tie", "ties"), ("sheep", "sheep"), ("series", "series"),
    ("information", "information"), ("news", "news"), ("salesperson", "salespeople"),
    ("blog_post", "blog_posts"), ("blogPost", "blogPosts"), ("admin.user", "admin.users"),
    ("BlogCategory", "BlogCategories"), ("USER", "USERS"), ("user-person", "user-people"),
    ("release", "releases"), ("key", "keys"), ("company", "companies"), ("shoe", "shoes"),
  ])
  func `singular and plural lead to each other`(singular: String, plural: String) {
    #expect(Inflector.plural(singular) == plural)
    #expect(Inflector.singular(plural) == singular)
    #expect(Inflector.plural(plural) == plural)
    #expect(Inflector.singular(singular) == singular)
  }

  @Test(arguments: ["", "123", "a_", "你好"])
  func `what is no word stays`(name: String) {
    #expect(Inflector.plural(name) == name)
    #expect(Inflector.singular(name) == name)
  }
}
