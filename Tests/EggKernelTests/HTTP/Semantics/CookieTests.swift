import Testing

@testable import EggHTTPSemantics

@Suite("Cookies") struct CookieTests {
  @Test(
    arguments: [
      ("a=1; b=2", [("a", "1"), ("b", "2")]), ("a=1;b=2;", [("a", "1"), ("b", "2")]), ("", []),
      ("a=\"x y\"", [("a", "x y")]), (" a = 1 ", [("a", "1")]), ("a=b=c", [("a", "b=c")]),
      ("novalue; a=", [("a", "")]), ("=x; a b=1; c=2", [("c", "2")]), ("a=\"", [("a", "\"")]),
      ("a=1; a=2", [("a", "1"), ("a", "2")]), ("a=%20", [("a", "%20")]),
    ] as [(String, [(String, String)])])
  func `a header is its pairs`(header: String, pairs: [(String, String)]) {
    #expect(cookies(header) == pairs.map { Cookie(name: $0.0, value: $0.1) })
  }

  @Test func `the first of a name counts and case matters`() {
    #expect(cookie(named: "a", in: "A=0; a=1; a=2") == "1")
    #expect(cookie(named: "b", in: "A=0; a=1") == nil)
    #expect(cookie(named: "", in: "=1") == nil)
  }

  @Test func `attributes come in Egg's order`() throws {
    var cookie = SetCookie(name: "sid", value: "abc")
    #expect(try cookie.headerValue() == "sid=abc; path=/; httponly")
    cookie.maxAge = 3600
    cookie.expires = HTTPDate(unixSeconds: 0)
    cookie.domain = ".example.com"
    cookie.priority = .high
    cookie.sameSite = .lax
    cookie.secure = true
    cookie.partitioned = true
    #expect(
      try cookie.headerValue()
        == "sid=abc; path=/; max-age=3600; expires=Thu, 01 Jan 1970 00:00:00 GMT; "
        + "domain=.example.com; priority=high; samesite=lax; secure; httponly; partitioned")
  }

  @Test func `a part that would change the header is refused`() {
    func refusal(_ change: (inout SetCookie) -> Void) -> SetCookie.Refusal? {
      var cookie = SetCookie(name: "a", value: "b")
      change(&cookie)
      do throws(SetCookie.Refusal) {
        _ = try cookie.headerValue()
        return nil
      } catch {
        return error
      }
    }
    for name in ["", "a b", "a=b", "a;b", "a\r\nb", "é"] {
      #expect(refusal { $0.name = name } == .name(name))
    }
    for value in ["a b", "a;b", "a,b", "a\"b", "a\\b", "a\nb", "é", "\""] {
      #expect(refusal { $0.value = value } == .value(cookie: "a"))
    }
    for path in ["", "/;secure", "/\n", "/é"] { #expect(refusal { $0.path = path } == .path(path)) }
    for domain in ["", ".", "a..b", "-a", "a-", "a;b", "a b", "a\n"] {
      #expect(refusal { $0.domain = domain } == .domain(domain))
    }
    #expect(refusal { $0.value = "\"quoted\"" } == nil)
    #expect(refusal { $0.value = "" } == nil)
    #expect(SetCookie.Refusal.name("a b").description.contains("\"a b\""))
  }
}
