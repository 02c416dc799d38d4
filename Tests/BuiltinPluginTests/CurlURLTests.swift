import CurlEngine
import Testing

/// Which server a url is sent to; `safeCurl` decides by this.
///
/// - Source: RFC 3986, 3 and 5.2; WHATWG URL for what browsers and libcurl forgive.
@MainActor @Suite("Urls of the HTTP client") struct CurlURLTests {
  @Test(arguments: [
    ("http://a.test/x?y#z", "a.test", 80), ("HTTPS://A.test", "A.test", 443),
    ("http://a.test:8080/", "a.test", 8080), ("http://user:pass@a.test/", "a.test", 80),
    ("http://[::1]:7/", "::1", 7), ("http://127.0.0.1@evil.test/", "evil.test", 80),
    ("http://evil.test#@a.test/", "evil.test", 80), ("http://evil.test?@a.test/", "evil.test", 80),
  ])
  func `host and port are those that are connected to`(url: String, host: String, port: Int) throws
  {
    let read = try #require(CurlURL(url))
    #expect(read.host.lowercased() == host.lowercased() && read.port == port)
  }

  @Test(arguments: [
    "", "http://", "ftp://a.test/", "file:///etc/passwd", "gopher://a.test/", "javascript:alert(1)",
    "http://a.test:99999/", "http://a\u{0}.test/", "http://[::1/", "//a.test/",
  ])
  func `anything else is no url`(url: String) { #expect(CurlURL(url) == nil) }

  /// What the socket calls 127.0.0.1 must not be called otherwise by the check.
  @Test(arguments: ["http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/"])
  func `odd forms of an address are that address`(url: String) throws {
    #expect(try #require(CurlURL(url)).host == "127.0.0.1")
  }

  @Test(arguments: [
    ("/b", "http://a.test/b"), ("b", "http://a.test/x/b"), ("//b.test/c", "http://b.test/c"),
    ("https://b.test/", "https://b.test/"), ("?q", "http://a.test/x/y?q"),
    ("../z", "http://a.test/z"),
  ])
  func `a redirect leads from where it was given`(location: String, url: String) {
    #expect(CurlURL.resolve(location, against: "http://a.test/x/y") == url)
  }

  @Test func `a redirect with a zero byte leads nowhere`() {
    #expect(CurlURL.resolve("/a\u{0}b", against: "http://a.test/") == nil)
  }
}
