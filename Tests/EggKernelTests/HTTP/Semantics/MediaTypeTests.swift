import Testing

@testable import EggHTTPSemantics

@Suite("Media types") struct MediaTypeTests {
  @Test func `a media type is read with its parameters`() throws {
    let type = try #require(MediaType(" Text/HTML ;Charset=\"UTF-8\"; a=\"b;\\\"c\" "))
    #expect(type.essence == "text/html")
    #expect(type.charset == "utf-8")
    #expect(type.parameter("a") == "b;\"c")
    #expect(type.parameters.map(\.name) == ["charset", "a"])
    #expect(MediaType("application/json")?.charset == nil)
  }

  @Test(arguments: [
    "", "text", "/", "text/", "/html", "te xt/html", "text/html; a", "text/html; a=b c", "a/b/c",
  ])
  func `anything else is no media type`(text: String) {
    #expect(MediaType(text) == nil)
  }

  @Test(
    arguments: [
      ("application/json; charset=utf-8", ["html", "json"], "json"),
      ("text/html", ["text/*"], "text/html"),
      ("text/html", ["*/html"], "text/html"),
      ("application/ld+json", ["+json"], "application/ld+json"),
      ("application/ld+json", ["json"], nil),
      ("application/ld+json", ["*/*+json"], "application/ld+json"),
      ("application/x-www-form-urlencoded", ["urlencoded"], "urlencoded"),
      ("multipart/form-data; boundary=x", ["multipart"], "multipart"),
      ("Text/HTML", [], "text/html"),
      ("text/html", ["application/json"], nil), (nil, ["html"], nil), ("nonsense", ["html"], nil),
      ("text/html", ["text/html"], "text/html"), ("text/html", ["no-such-extension"], nil),
      ("application/json", ["application/*"], "application/json"),
      ("application/json", ["+json"], nil),
      ("text/html; broken", ["html"], "html"),
    ] as [(String?, [String], String?)])
  func `a content type is what Node's type-is says`(
    header: String?, words: [String], answer: String?
  ) {
    #expect(typeIs(header, words) == answer)
  }

  @Test(
    arguments: [
      ("html", "text/html"), (".JSON", "application/json"), ("a/b.tar.gz", "application/gzip"),
      ("x.woff2", "font/woff2"), ("svg", "image/svg+xml"), ("nope", nil), ("", nil),
      ("a/json", nil),
      ("mjs", "text/javascript"), ("mp4", "video/mp4"), ("ico", "image/x-icon"),
    ] as [(String, String?)])
  func `an extension has its type`(name: String, type: String?) {
    #expect(mimeType(forExtension: name) == type)
  }

  @Test(
    arguments: [
      ("html", "text/html; charset=utf-8"), ("json", "application/json; charset=utf-8"),
      ("png", "image/png"), ("text/plain", "text/plain; charset=utf-8"),
      ("bin", "application/octet-stream"),
      ("text/plain; charset=gbk", "text/plain; charset=gbk"),
      ("application/x-own", "application/x-own"),
      ("nope", nil),
    ] as [(String, String?)])
  func `text gets a charset`(name: String, value: String?) {
    #expect(contentType(for: name) == value)
  }
}
