import Testing

@testable import EggKernel

/// One pattern, one path, the values of its parameters; nil when it does not match.
struct PathCase: Sendable, CustomTestStringConvertible {
  var pattern: String
  var path: String
  var params: [String: String?]?
  var testDescription: String { "\(pattern) on \(path)" }

  init(_ pattern: String, _ path: String, _ params: [String: String?]?) {
    self.pattern = pattern
    self.path = path
    self.params = params
  }
}

@Suite("Path patterns") struct PathPatternTests {
  @Test(arguments: [
    PathCase("/:id", "/route", ["id": "route"]),
    PathCase("/:id", "/", nil),
    PathCase("/:id", "/a/b", nil),
    PathCase("/:id?", "/", ["id": nil]),
    PathCase("/:id?", "", ["id": nil]),
    PathCase("/:id?", "/x", ["id": "x"]),
    PathCase("/user/:id?", "/user", ["id": nil]),
    PathCase("/user/:id?", "/user/", ["id": nil]),
    PathCase("/user/:id?", "/user/7/", ["id": "7"]),
    PathCase("/user/:id?", "/user/7/8", nil),
    PathCase("/user/:id?", "/user//", nil),
    PathCase("/user/:id?/edit", "/user/edit", ["id": nil]),
    PathCase("/user/:id?/edit", "/user/7/edit", ["id": "7"]),
    PathCase("/:rest*", "/", ["rest": nil]),
    PathCase("/a/:rest*", "/a", ["rest": nil]),
    PathCase("/a/:rest*", "/a/b/c/d", ["rest": "b/c/d"]),
    PathCase("/a/:rest*", "/a/b/c/", ["rest": "b/c"]),
    PathCase("/a/:rest*", "/a//b", nil),
    PathCase("/a/:rest+", "/a", nil),
    PathCase("/a/:rest+", "/a/", nil),
    PathCase("/a/:rest+", "/a/b", ["rest": "b"]),
    PathCase("/a/:rest+", "/a/b/c", ["rest": "b/c"]),
    PathCase("/a/:rest+/z", "/a/b/c/z", ["rest": "b/c"]),
    PathCase("/:id(\\d+)", "/12", ["id": "12"]),
    PathCase("/:id(\\d+)", "/12a", nil),
    PathCase("/:id(\\d+)?", "/", ["id": nil]),
    PathCase("/:ids(\\d+)+", "/1/2/3", ["ids": "1/2/3"]),
    PathCase("/:ids(\\d+)+", "/1/b", nil),
    PathCase("/:x(a|b)", "/b", ["x": "b"]),
    PathCase("/:x(a|b)", "/c", nil),
    PathCase("/:x(.*)", "/a/b", ["x": "a/b"]),
    PathCase("/:x(.*)", "/", ["x": ""]),
    PathCase("/(.*)", "/a/b", ["0": "a/b"]),
    PathCase("(.*)", "/a/b", ["0": "/a/b"]),
    PathCase("/(\\d+)/(\\d+)", "/1/2", ["0": "1", "1": "2"]),
    PathCase("/:a/(\\d+)", "/x/2", ["a": "x", "0": "2"]),
    PathCase("/a/*", "/a/b/c", ["0": "b/c"]),
    PathCase("/a/*", "/a/", ["0": ""]),
    PathCase("/a/*", "/a", nil),
    PathCase("*", "/any/thing", ["0": "/any/thing"]),
    PathCase("/*/b", "/x/y/b", ["0": "x/y"]),
    PathCase("/a*", "/abc/d", ["0": "bc/d"]),
    PathCase("/file-:name.:ext", "/file-report.pdf", ["name": "report", "ext": "pdf"]),
    PathCase("/file-:name.:ext", "/file-a.tar.gz", ["name": "a.tar", "ext": "gz"]),
    PathCase("/file-:name.:ext", "/file-report", nil),
    PathCase("/:name.:ext?", "/readme", ["name": "readme", "ext": nil]),
    PathCase("/:name.:ext?", "/readme.md", ["name": "readme", "ext": "md"]),
    PathCase("/:a-:b", "/1-2", ["a": "1", "b": "2"]),
    PathCase("/:a-:b", "/1-2-3", ["a": "1", "b": "2-3"]),
    PathCase("/pre:id", "/pre7", ["id": "7"]),
    PathCase("/:id/edit", "/7/edit", ["id": "7"]),
    PathCase("/:a/:b/:c", "/1/2/3", ["a": "1", "b": "2", "c": "3"]),
    PathCase("/:a/:b", "/1//", nil),
    PathCase("/a.b", "/a.b", [:]),
    PathCase("/a.b", "/axb", nil),
    PathCase("/a+b$", "/a+b$", [:]),
    PathCase("/a\\:b", "/a:b", [:]),
    PathCase("/a\\(b\\)", "/a(b)", [:]),
    PathCase("/a\\*", "/a*", [:]),
    PathCase("/time/12:", "/time/12:", [:]),
    PathCase("/:foo_1", "/x", ["foo_1": "x"]),
    PathCase("/你", "/你", [:]),
    PathCase("/:id(\\d*)", "/", ["id": ""]),
    PathCase("/:x([^/]+)/y", "/a/y", ["x": "a"]),
    PathCase("/:x(a$)", "/a$", ["x": "a$"]),
  ])
  func `a pattern gives its parameters`(example: PathCase) throws {
    #expect(try RouteTable.params(.path(example.pattern), example.path) == example.params)
  }

  /// Written out by hand from the rules of path-to-regexp 1.x.
  @Test(arguments: [
    ("/", #"^(?:\/(?=$))?$"#),
    ("/user", #"^\/user(?:\/(?=$))?$"#),
    ("/user/", #"^\/user(?:\/(?=$))?$"#),
    ("/user/:id", #"^\/user\/((?:[^\/]+?))(?:\/(?=$))?$"#),
    ("/:id?", #"^(?:\/((?:[^\/]+?)))?(?:\/(?=$))?$"#),
    ("/:id?x", #"^\/((?:[^\/]+?))?x(?:\/(?=$))?$"#),
    ("/:r*", #"^(?:\/((?:[^\/]+?)(?:\/(?:[^\/]+?))*))?(?:\/(?=$))?$"#),
    ("/:r+", #"^\/((?:[^\/]+?)(?:\/(?:[^\/]+?))*)(?:\/(?=$))?$"#),
    ("/:id(\\d+)", #"^\/((?:\d+))(?:\/(?=$))?$"#),
    ("/:n.:e", #"^\/((?:[^\/]+?))\.((?:[^\.]+?))(?:\/(?=$))?$"#),
    ("*", #"^((?:.*))(?:\/(?=$))?$"#),
  ])
  func `the dump shows path-to-regexp's expression`(pattern: String, expected: String) throws {
    #expect(try PathPattern(pattern).regexText(strict: false, end: true) == expected)
  }

  @Test func `options change the end of the expression`() throws {
    let pattern = try PathPattern("/a/")
    #expect(pattern.regexText(strict: true, end: true) == #"^\/a\/$"#)
    #expect(pattern.regexText(strict: false, end: false) == #"^\/a(?:\/(?=$))?(?=\/|$)"#)
    #expect(pattern.regexText(strict: true, end: false) == #"^\/a\/"#)
  }

  @Test(arguments: [
    ("/a/:id(", "unclosed \"(\" (position 6)"),
    ("/a/:id(\\d+", "unclosed \"(\" (position 6)"),
    ("/a/:id()", "an empty \"()\" (position 6)"),
    ("/a/((b))", "a \"(\" inside a parameter's pattern"),
    ("/a/b)", "unmatched \")\""),
    ("/:id(+)", "in \":id(+)\": nothing to repeat (position 0 of \"+\")"),
    ("/:id([a)", "unclosed \"[\" (position 0 of \"[a\")"),
    ("/:id(a\\1)", "back references are not supported (position 1 of"),
  ])
  func `a malformed pattern is refused where it goes wrong`(pattern: String, text: String) throws {
    let error = try #require(throws: RouterError.self) {
      try RouteTable().register(
        methods: .get, .path(pattern), handlers: [1],
        origin: RouteOrigin(file: "app/router.swift", line: 7))
    }
    #expect(error.code == .pattern)
    #expect(error.message.contains(text))
    #expect(
      error.description.hasPrefix("EGG_ROUTE_PATTERN app/router.swift:7: GET path \"\(pattern)\""))
  }

  @Test func `a pattern beyond the length limit is refused`() {
    #expect(throws: RouterError.self) { try PathPattern(String(repeating: "/a", count: 2000)) }
  }
}
