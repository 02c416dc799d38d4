import Testing

@testable import EggKernel

/// An expression, a subject and the groups of the first match; nil when there is none.
struct RegexCase: Sendable, CustomTestStringConvertible {
  var source: String
  var flags: String
  var subject: String
  var groups: [String?]?
  var testDescription: String { "/\(source)/\(flags) on \(subject)" }

  init(_ source: String, _ subject: String, _ groups: [String?]?, flags: String = "") {
    self.source = source
    self.flags = flags
    self.subject = subject
    self.groups = groups
  }
}

@Suite("Regular expressions of routes") struct RouteRegexTests {
  private func groups(_ regex: RouteRegex, _ subject: String, limit: Int = 100_000) -> (
    RouteRegex.Outcome, [String?]
  ) {
    var scratch = RegexScratch()
    return unsafe Array(subject.utf8).withUnsafeBufferPointer { bytes in
      let path = unsafe RoutePath(bytes)
      let outcome = regex.match(path, limit: limit, scratch: &scratch)
      guard outcome == .matched else { return (outcome, []) }
      return (outcome, (0...regex.groupCount).map { scratch.capture($0).map { path.text($0) } })
    }
  }

  /// The results are those of the algorithm in ECMA-262.
  @Test(arguments: [
    RegexCase("b", "abc", ["b"]),
    RegexCase("^b", "abc", nil),
    RegexCase("a|ab", "ab", ["a"]),
    RegexCase("(a)|(b)", "b", ["b", nil, "b"]),
    RegexCase("a*?b", "aab", ["aab"]),
    RegexCase("(a*?)(a*)$", "aaa", ["aaa", "", "aaa"]),
    RegexCase("(a+)(a*)", "aaa", ["aaa", "aaa", ""]),
    RegexCase("(a+?)(a*)", "aaa", ["aaa", "a", "aa"]),
    RegexCase("a{2,3}", "aaaa", ["aaa"]),
    RegexCase("a{2,3}?", "aaaa", ["aa"]),
    RegexCase("^a{2}$", "aaa", nil),
    RegexCase("a{,2}", "a{,2}", ["a{,2}"]),
    RegexCase("(?:ab){2,}", "ababab", ["ababab"]),
    RegexCase("(z)((a+)?(b+)?(c))*", "zaacbbbcac", ["zaacbbbcac", "z", "ac", "a", nil, "c"]),
    RegexCase("(?:(a)|b)*", "ab", ["ab", nil]),
    RegexCase("(a*)*", "b", ["", nil]),
    RegexCase("(?:a*)*b", "aab", ["aab"]),
    RegexCase("(?=(a+))a*b", "baaab", ["aaab", "aaa"]),
    RegexCase("a(?!b)", "abac", ["a"]),
    RegexCase("^(?!.*x)y", "yx", nil),
    RegexCase("\\bfoo\\b", "a foo b", ["foo"]),
    RegexCase("\\bfoo\\b", "afoo", nil),
    RegexCase("\\Boo\\b", "foo", ["oo"]),
    RegexCase("[^/]+", "//a-b/", ["a-b"]),
    RegexCase("[a-c\\d_-]+", "zab1_-z", ["ab1_-"]),
    RegexCase("[\\w.]+$", "/x.y", ["x.y"]),
    RegexCase("[]", "a", nil),
    RegexCase("[^]", "a", ["a"]),
    RegexCase("\\x41\\u0042\\t", "AB\t", ["AB\t"]),
    RegexCase(".", "\n", nil),
    RegexCase(".", "\n", ["\n"], flags: "s"),
    RegexCase("^b", "a\nb", ["b"], flags: "m"),
    RegexCase("aBc", "AbC", ["AbC"], flags: "i"),
    RegexCase("[^a]", "Ab", ["b"], flags: "i"),
    RegexCase("你+", "a你你", ["你你"]),
    RegexCase("\\/\\.\\-", "/.-", ["/.-"]),
    RegexCase("", "abc", [""]),
    RegexCase("a||b", "b", [""]),
  ])
  func `a match has JavaScript's groups`(example: RegexCase) throws {
    let regex = try RouteRegex(example.source, flags: example.flags)
    let (outcome, groups) = groups(regex, example.subject)
    #expect((outcome == .matched ? groups : nil) == example.groups)
  }

  @Test(arguments: [
    ("a(", 1, "unclosed"), ("a)", 1, "unmatched"), ("[a", 0, "unclosed"), ("*a", 0, "repeat"),
    ("a**", 2, "repeat"), ("^*", 1, "repeat"), ("a{3,2}", 1, "out of order"),
    ("a{1001}", 1, "above 1000"), ("ab\\1", 2, "back references"), ("\\k<a>", 0, "unknown escape"),
    ("(?<=a)b", 0, "look-behind"), ("(?<n>a)", 0, "named groups"), ("(?#a)", 0, "group kind"),
    ("\\p{L}", 0, "unknown escape"), ("[b-a]", 2, "range"), ("[é]", 1, "ASCII"),
    ("\\", 0, "at the end"),
    ("\\u12", 0, "hexadecimal"),
  ])
  func `what is not supported is refused with its position`(
    source: String, offset: Int, text: String
  ) throws {
    let error = try #require(throws: RouteRegexError.self) { try RouteRegex(source) }
    #expect(error.offset == offset)
    #expect(error.message.contains(text))
  }

  @Test func `flags other than i, m and s are refused`() throws {
    #expect(throws: RouteRegexError.self) { try RouteRegex("a", flags: "g") }
    #expect(throws: RouteRegexError.self) { try RouteRegex("a", flags: "u") }
  }

  @Test(arguments: ["^(a+)+$", "^(a|aa)+$", "^(a|a)*$", "(.*)(.*)(.*)(.*)(.*)[z]", "^(?=(a+)+b)a"])
  func `a hostile path runs into the step limit instead of hanging`(source: String) throws {
    let (outcome, _) = groups(try RouteRegex(source), String(repeating: "a", count: 5000) + "!")
    #expect(outcome == .exhausted)
  }

  @Test func `deep nesting and large programs are refused`() {
    let nested = String(repeating: "(", count: 100) + "a" + String(repeating: ")", count: 100)
    #expect(throws: RouteRegexError.self) { try RouteRegex(nested) }
    #expect(throws: RouteRegexError.self) { try RouteRegex("(?:(?:(?:ab){100}){100}){100}") }
    #expect(throws: RouteRegexError.self) { try RouteRegex(String(repeating: "a", count: 5000)) }
  }

  @Test func `many expressions share one budget once a path has exhausted it`() throws {
    let table = RouteTable()
    for number in 0..<300 {
      try table.register(methods: .get, .regex("^/(a+)+$"), handlers: [number])
    }
    let clock = ContinuousClock()
    let time = clock.measure {
      let probe = table.probe(.get, "/" + String(repeating: "a", count: 40) + "!")
      #expect(probe.outcome == .notFound)
    }
    // 100,000 steps and 300 times 1,000, not 300 times 100,000 (a minute in a debug build).
    #expect(time < .seconds(20))
  }

  @Test func `a route that reaches the limit does not match and is reported`() throws {
    let table = RouteTable()
    try table.register(methods: .get, .regex("^/(a+)+$"), handlers: [1])
    try table.get("/:x", 2)
    var result = MatchResult()
    let probe = table.probe(.get, "/" + String(repeating: "a", count: 40) + "!", into: &result)
    #expect(probe.handlers == [2])
    #expect(result.exhausted == 0)
  }
}
