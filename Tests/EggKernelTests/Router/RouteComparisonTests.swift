import Testing

@testable import EggKernel

/// The router as one would write it without thinking about speed: every route's full regular
/// expression is tried in order.
private struct NaiveRouter {
  struct Entry {
    var methods: RouteMethodSet
    var regex: RouteRegex
    /// Whether its groups are parameters.
    var captures: Bool
  }
  var entries: [Entry] = []

  mutating func add(_ methods: RouteMethodSet, _ pattern: RoutePattern, _ options: RouteOptions)
    throws
  {
    switch pattern {
    case .path(let text):
      let expression = try PathPattern(text).regexText(strict: options.strict, end: options.end)
      let regex = try RouteRegex(expression, flags: options.sensitive ? [] : .ignoreCase)
      entries.append(Entry(methods: methods, regex: regex, captures: true))
    case .regex(let source, let flags):
      entries.append(
        Entry(methods: methods, regex: try RouteRegex(source, flags: flags), captures: true))
    }
  }

  struct Answer: Equatable {
    var layers: [Int] = []
    var captures: [[Range<Int>?]] = []
    var matched: [Int] = []
    var allowed: RouteMethodSet = []
  }

  func match(_ method: RouteMethod, _ path: String) -> Answer {
    unsafe Array(path.utf8).withUnsafeBufferPointer { bytes in
      var answer = Answer()
      var scratch = RegexScratch()
      var found = false
      for (index, entry) in entries.enumerated() {
        guard
          entry.regex.match(unsafe RoutePath(bytes), limit: 10_000_000, scratch: &scratch)
            == .matched
        else { continue }
        answer.matched.append(index)
        answer.allowed.formUnion(entry.methods)
        guard entry.methods.isEmpty || entry.methods.contains(method) else { continue }
        if !entry.methods.isEmpty { found = true }
        answer.layers.append(index)
        answer.captures.append((0..<entry.regex.groupCount).map { scratch.capture($0 + 1) })
      }
      if !found {
        answer.layers = []
        answer.captures = []
      }
      if !answer.allowed.isEmpty { answer.allowed.insert(.options) }
      return answer
    }
  }
}

@Suite("Router against a naive one") struct RouteComparisonTests {
  private static let patternParts = [
    "/a", "/b", "/ab", "/A", "/", "/:x", "/:y", "/:x?", "/:x*", "/:x+", "/:n(\\d+)", "/:n(\\d*)",
    "/(.*)", "/*", "/a:x", "/:x.:y", "/:x-:y", "/:x(a|b)", "/a.b", "/b-:x?", "/:x(.*)", ".:x?", "b",
    "/:x(a/b)?",
  ]
  private static let pathParts = [
    "/a", "/b", "/ab", "/A", "/", "/1", "/22", "/a.b", "/a-b", "/x", "/a1", "a", "b", "/abc", ".b",
  ]
  private static let expressions = ["^/a", "b$", "^/(a|b)/?$", "^/ab?/(\\d+)", "/(\\w)\\b", "^/A/"]

  @Test(arguments: 1...60)
  func `random routes match alike`(seed: UInt64) throws {
    var numbers = SeededNumbers(state: seed)
    let table = RouteTable()
    var naive = NaiveRouter()
    for index in 0..<Int.random(in: 1...40, using: &numbers) {
      let options = RouteOptions(
        sensitive: Int.random(in: 0..<4, using: &numbers) > 0,
        strict: Int.random(in: 0..<4, using: &numbers) == 0,
        end: Int.random(in: 0..<4, using: &numbers) > 0)
      let methods: RouteMethodSet = [[], .post, .put, [.head, .get], .all].randomElement(
        using: &numbers)!
      var pattern = RoutePattern.path(
        (0..<Int.random(in: 1...4, using: &numbers)).map { _ in
          Self.patternParts.randomElement(using: &numbers)!
        }.joined())
      if Int.random(in: 0..<8, using: &numbers) == 0 {
        pattern = .regex(
          Self.expressions.randomElement(using: &numbers)!, flags: options.sensitive ? "" : "i")
      }
      if methods.isEmpty, case .path(let text) = pattern {
        try table.use(text, handlers: [index], options: options)
      } else {
        let methods = methods.isEmpty ? .post : methods
        try table.register(methods: methods, pattern, handlers: [index], options: options)
      }
      try naive.add(table.routes[index].methods, pattern, options)
    }
    var result = MatchResult()
    for _ in 0..<300 {
      let path = (0..<Int.random(in: 0...5, using: &numbers)).map { _ in
        Self.pathParts.randomElement(using: &numbers)!
      }.joined()
      let method: RouteMethod = [.get, .post, .put, .head, .delete].randomElement(using: &numbers)!
      _ = table.probe(method, path, into: &result)
      let answer = NaiveRouter.Answer(
        layers: result.layers.map { Int($0.route) },
        captures: result.layers.indices.map { result.captures(ofLayer: $0).map(\.range) },
        matched: result.pathMatches.map(Int.init), allowed: result.allowed)
      let expected = naive.match(method, path)
      #expect(
        answer == expected,
        "\(method.name) \"\(path)\" over \(table.routes.map { "\($0.path) \($0.options)" })")
    }
  }
}

@Suite("Many routes") struct RouteScaleTests {
  @Test func `ten thousand routes are all found, and few are looked at`() throws {
    let table = RouteTable()
    for number in 0..<5000 {
      try table.register(methods: .get, .path("/api/thing\(number)/list"), handlers: [number])
      try table.register(methods: .get, .path("/thing\(number)/:id"), handlers: [10_000 + number])
    }
    var result = MatchResult()
    for number in stride(from: 0, to: 5000, by: 7) {
      #expect(table.probe(.get, "/api/thing\(number)/list", into: &result).handlers == [number])
      #expect(result.candidates.count == 1)
      let probe = table.probe(.get, "/thing\(number)/x\(number)", into: &result)
      #expect(probe.handlers == [10_000 + number])
      #expect(probe.params == ["id": "x\(number)"])
      #expect(result.candidates.count == 1)
    }
    #expect(table.probe(.get, "/thing5000/x", into: &result).outcome == .notFound)
    #expect(result.candidates.isEmpty)
  }

  @Test func `a parameter in the middle does not hide the segments after it`() throws {
    let table = RouteTable()
    for number in 0..<2000 { try table.get("/:tenant/thing\(number)/:id", number) }
    var result = MatchResult()
    #expect(table.probe(.get, "/acme/thing777/1", into: &result).handlers == [777])
    #expect(result.candidates.count == 1)
  }

  @Test func `insensitive and regular expression routes are looked up too`() throws {
    let table = RouteTable()
    for number in 0..<500 {
      try table.register(
        methods: .get, .path("/Thing\(number)/:id"), handlers: [number],
        options: RouteOptions(sensitive: false))
      try table.register(methods: .get, .regex("^/re\(number)/(\\d+)$"), handlers: [1000 + number])
    }
    var result = MatchResult()
    #expect(table.probe(.get, "/tHING42/1", into: &result).handlers == [42])
    #expect(result.candidates.count == 1)
    #expect(table.probe(.get, "/re42/1", into: &result).handlers == [1042])
    #expect(result.candidates.count == 1)
  }

  @Test func `a very long path and very many slashes are only not found`() throws {
    let table = RouteTable()
    try table.get("/:a/:b/x", 1)
    try table.get("/a/:b/y", 2)
    #expect(table.probe(.get, String(repeating: "/a", count: 100_000)).outcome == .notFound)
    #expect(table.probe(.get, String(repeating: "/", count: 100_000)).outcome == .notFound)
  }
}
