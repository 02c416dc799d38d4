import Testing

@testable import EggHTTPSemantics

@Suite("Percent coding and queries") struct URLTextTests {
  @Test(arguments: [
    ("", ""), ("abc", "abc"), ("%41%62", "Ab"), ("a+b", "a+b"), ("%e4%bd%a0", "你"), ("%2F", "/"),
    ("100%25", "100%"),
  ])
  func `an encoded text is decoded`(encoded: String, plain: String) {
    #expect(percentDecoded(encoded) == plain)
    #expect(percentDecodedLeniently(encoded) == plain)
  }

  @Test(arguments: ["%", "%4", "%zz", "a%4g", "%%41", "%ff", "%c3"])
  func `a malformed one is nil when strict`(encoded: String) {
    #expect(percentDecoded(encoded) == nil)
  }

  @Test func `a malformed one stays when lenient`() {
    #expect(percentDecodedLeniently("50%&%4&%zz%41") == "50%&%4&%zzA")
    #expect(percentDecodedLeniently("%ff") == "\u{FFFD}")
    #expect(percentDecodedLeniently("a+b", plusIsSpace: true) == "a b")
  }

  @Test func `a component is encoded as ECMAScript does`() {
    #expect(percentEncoded("a b/é?&=+") == "a%20b%2F%C3%A9%3F%26%3D%2B")
    #expect(percentEncoded("AZaz09-_.!~*'()") == "AZaz09-_.!~*'()")
  }

  @Test func `a URL is encoded only where it has to be`() {
    #expect(urlEncoded("http://x/a b?c=%20&d=%&e=é#f") == "http://x/a%20b?c=%20&d=%25&e=%C3%A9#f")
    #expect(urlEncoded("/\r\nX: y\"<>\\") == "/%0D%0AX:%20y%22%3C%3E%5C")
  }

  @Test(
    arguments: [
      ("", []), ("a=1&b=2", [("a", "1"), ("b", "2")]), ("a=1&a=2", [("a", "1"), ("a", "2")]),
      ("a", [("a", "")]), ("a=", [("a", "")]), ("=b", [("", "b")]), ("&&a=1&", [("a", "1")]),
      ("a=b=c", [("a", "b=c")]), ("a+b=c+d", [("a b", "c d")]), ("%61=%62%2B", [("a", "b+")]),
      ("a=%E4%BD%A0", [("a", "你")]), ("a=%zz", [("a", "%zz")]), ("a[b]=1", [("a[b]", "1")]),
    ] as [(String, [(String, String)])])
  func `a query is its pairs in order`(query: String, pairs: [(String, String)]) {
    #expect(queryItems(query) == pairs.map { QueryItem($0.0, $0.1) })
  }

  @Test func `pairs over the limit are left out`() {
    let query = String(repeating: "a=1&", count: 2000)
    #expect(queryItems(query).count == 1000)
    #expect(queryItems(query, limit: 3).count == 3)
  }

  @Test func `pairs are written back`() {
    #expect(queryString([.init("a b", "c&d"), .init("e", "")]) == "a%20b=c%26d&e=")
  }
}
