import CorsEngine
import Testing

@Suite("Other sites") struct CorsRulesTests {
  private func rules(_ change: (inout CorsRules) -> Void = { _ in }) -> CorsRules {
    var rules = CorsRules()
    change(&rules)
    return rules
  }

  @Test(
    arguments: [
      ("https://a.test", "a.test"), ("http://a.test:8080", "a.test"), ("https://a.test/", nil),
      ("https://a.test/.safe.test", nil), ("https://x@safe.test", nil),
      ("https://a\\.safe.test", nil),
      ("https://a?.safe.test", nil), ("https://a#.safe.test", nil), ("https://a .safe.test", nil),
      ("https://é.test", nil), ("https://", nil), ("https://:80", nil), ("null", nil), ("", nil),
      ("file://a.test", nil), ("HTTPS://a.test", nil), ("a.test", nil),
    ] as [(String, String?)])
  func `an origin is a scheme and a host and nothing more`(origin: String, host: String?) {
    #expect(CorsRules.host(of: origin) == host)
  }

  @Test func `safe origins are those whose host is`() {
    let rules = rules()
    #expect(rules.allowed("https://a.test:1") { $0 == "a.test" } == "https://a.test:1")
    #expect(rules.allowed("https://b.test") { $0 == "a.test" } == nil)
    #expect(rules.allowed("null") { _ in true } == nil)
    #expect(rules.allowed("null", isSafe: nil) == "null")
  }

  @Test func `listed origins are compared whole`() {
    let rules = rules { $0.origins = .listed(["https://a.test"]) }
    #expect(rules.allowed("https://a.test", isSafe: nil) == "https://a.test")
    for other in [
      "https://a.test.evil", "http://a.test", "https://A.test", "https://a.test:443", "",
    ] {
      #expect(rules.allowed(other, isSafe: nil) == nil)
    }
  }

  @Test func `a star never goes with cookies`() {
    #expect(rules { $0.origins = .any }.allowed("https://a", isSafe: nil) == "*")
    let cookies = rules {
      $0.origins = .any
      $0.credentials = true
    }
    #expect(cookies.allowed("https://a", isSafe: nil) == "https://a")
    #expect(cookies.fields("https://a").map(\.0).contains("Access-Control-Allow-Credentials"))
  }

  @Test func `a preflight has the fields that were configured, or what was asked`() {
    let fields = rules {
      $0.methods = "GET"
      $0.maxAge = 60
      $0.exposed = "x-a"
    }.preflightFields("https://a", asked: "x-b")
    #expect(
      fields.map { "\($0): \($1)" } == [
        "Access-Control-Allow-Origin: https://a", "Access-Control-Max-Age: 60",
        "Access-Control-Allow-Methods: GET", "Access-Control-Allow-Headers: x-b",
      ])
    #expect(rules { $0.headers = "x-c" }.preflightFields("a", asked: "x-b").last?.1 == "x-c")
    #expect(rules().preflightFields("a", asked: "").count == 1)
  }

  @Test(
    arguments: [(nil, "Origin"), ("", "Origin"), ("Accept", "Accept, Origin")]
      as [(String?, String)])
  func `caches are told of the origin`(other: String?, vary: String) {
    #expect(CorsRules.vary(other) == vary)
  }
}
