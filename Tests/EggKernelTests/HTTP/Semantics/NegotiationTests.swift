import Testing

@testable import EggHTTPSemantics

@Suite("Negotiation") struct NegotiationTests {
  private static let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

  @Test(
    arguments: [
      (["html", "json"], "text/html", "html"), (["json"], "text/html", nil),
      (["json", "html"], NegotiationTests.browser, "html"),
      (["png"], NegotiationTests.browser, "png"),
      (["json", "text"], "application/*;q=0.2, image/jpeg;q=0.8, text/html, text/plain", "text"),
      (["text/html", "application/json"], "application/*;q=0.2, text/html", "text/html"),
      (["html", "json"], "*/*", "html"), (["html"], "*/*;q=0", nil),
      (["html"], "text/html;q=0, */*", nil),
      (["html"], nil, "html"), (["html"], "", "html"), ([], "*/*", nil),
      (["unknown-ext"], "*/*", nil),
      (["text/html;level=1"], "text/html;level=1", "text/html;level=1"),
      (["text/html"], "text/html;level=1", nil), (["html"], "TEXT/HTML", "html"),
      (["html"], "text/html;q=x", nil),
      (["json", "html"], "text/html;q=0.5, application/json;q=0.50", "html"),
    ] as [([String], String?, String?)])
  func `the best type is the one Node's accepts picks`(
    types: [String], header: String?, best: String?
  ) {
    #expect(accepts(types: types, header: header) == best)
  }

  @Test func `a more specific range overrules the wider one`() {
    // The example of RFC 9110 §12.5.1.
    let header =
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"
    #expect(accepts(types: ["text/html", "image/jpeg"], header: header) == "image/jpeg")
    #expect(accepts(types: ["text/plain", "image/jpeg"], header: header) == "text/plain")
    #expect(
      accepts(types: ["text/plain;format=fixed", "image/jpeg"], header: header) == "image/jpeg")
    #expect(
      accepts(types: ["text/plain", "text/plain;format=flowed"], header: header)
        == "text/plain;format=flowed")
  }

  @Test func `named types come in order of weight`() {
    #expect(
      acceptedTypes("application/*;q=0.2, image/jpeg;q=0.8, text/html, text/plain")
        == ["text/html", "text/plain", "image/jpeg", "application/*"])
    #expect(acceptedTypes(nil) == ["*/*"])
    #expect(acceptedTypes("") == [])
    #expect(acceptedTypes("nonsense, text/x;q=0, /a, a/") == [])
  }

  @Test(
    arguments: [
      (["gzip", "deflate"], "gzip, deflate", "gzip"),
      (["br", "gzip"], "gzip;q=0.5, br;q=0.4", "gzip"),
      (["gzip", "identity"], "gzip;q=0", "identity"), (["gzip"], nil, nil),
      (["identity"], nil, "identity"),
      (["identity"], "identity;q=0", nil), (["identity"], "*;q=0", nil), (["gzip"], "*", "gzip"),
      (["identity", "gzip"], "gzip", "gzip"), (["GZIP"], "gzip", "GZIP"),
    ] as [([String], String?, String?)])
  func `the best coding respects identity`(offers: [String], header: String?, best: String?) {
    #expect(accepts(encodings: offers, header: header) == best)
  }

  @Test func `identity comes last unless it is named`() {
    #expect(acceptedEncodings("gzip, compress;q=0.2") == ["gzip", "compress", "identity"])
    #expect(acceptedEncodings("identity, gzip;q=0.2") == ["identity", "gzip"])
    #expect(acceptedEncodings(nil) == ["identity"])
  }

  @Test func `charsets fit by name or star`() {
    let header = "utf-8, iso-8859-1;q=0.2, utf-7;q=0.5"
    #expect(acceptedCharsets(header) == ["utf-8", "utf-7", "iso-8859-1"])
    #expect(accepts(charsets: ["iso-8859-1", "UTF-7"], header: header) == "UTF-7")
    #expect(accepts(charsets: ["ascii"], header: header) == nil)
    #expect(accepts(charsets: ["ascii"], header: nil) == "ascii")
  }

  @Test(
    arguments: [
      (["en", "es"], "es;q=0.8, pt, en;q=0.9", "en"), (["es-MX"], "es", "es-MX"),
      (["es"], "es-MX", "es"),
      (["fr"], "en, es", nil), (["fr"], "en, *;q=0.1", "fr"),
      (["zh-CN", "en-US"], "EN-us, zh;q=0.9", "en-US"),
      (["en"], nil, "en"), (["en-GB", "en"], "en", "en"),
    ] as [([String], String?, String?)])
  func `a language fits its longer and shorter forms`(
    offers: [String], header: String?, best: String?
  ) {
    #expect(accepts(languages: offers, header: header) == best)
  }

  @Test func `hostile weights neither trap nor win`() {
    let long = String(repeating: "9", count: 400)
    #expect(acceptedTypes("a/b;q=\(long), c/d;q=0.\(long), e/f;q=-1") == ["a/b", "c/d"])
    #expect(acceptedTypes(String(repeating: "a/b,", count: 5000)).count == 100)
    _ = acceptedTypes("a/b;x=\"un\\closed, c/d;q=\"")
  }
}
