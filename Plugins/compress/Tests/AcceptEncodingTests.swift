import CompressEngine
import Testing

/// - Source: RFC 9110 §12.5.3 and its examples; weights §12.4.2.
@Suite("Accept-Encoding") struct AcceptEncodingTests {
  private func best(_ field: String, _ offers: [Coding] = [.br, .gzip]) -> Coding? {
    Array(field.utf8).withUnsafeBufferPointer { AcceptEncoding.best($0, offers) }
  }

  @Test(arguments: [
    ("gzip, deflate, br", Coding.br), ("gzip, deflate", .gzip), ("GZIP", .gzip), ("x-gzip", .gzip),
    ("*", .br), ("gzip;q=1.0, br;q=0.5", .gzip), ("br;q=0.001", .br), ("br;q=0, *", .gzip),
    (" br ; q=0.2 ,gzip;q=0.3", .gzip), ("gzip;q=0.5, *;q=0.6", .br),
    ("identity;q=0.5, gzip", .gzip),
    ("gzip;q=0.5, identity;q=0.5", .gzip), (",,gzip,", .gzip), ("br;Q=1", .br),
  ])
  func `the best that both sides have`(field: String, coding: Coding) {
    #expect(best(field) == coding)
  }

  @Test(arguments: [
    "", "identity", "deflate, zstd", "br;q=0, gzip;q=0.000", "*;q=0", "gzip;q=x", "gzip;q", "brr",
    "g zip", "identity, gzip;q=0.5", ";q=1", "gzip;q=", "gzip;q=9",
  ])
  func `what neither names is not chosen`(field: String) { #expect(best(field) == nil) }

  @Test func `the server's order decides between equals`() {
    #expect(best("br, gzip", [.gzip, .br]) == .gzip)
    #expect(best("br, gzip", [.gzip]) == .gzip)
    #expect(best("br", [.gzip]) == nil)
  }

  @Test func `a field of commas costs no more than it may`() {
    #expect(best(String(repeating: "a,", count: 100) + "gzip") == nil)
  }

  @Test(arguments: [
    ("text/html; charset=utf-8", true), ("application/json", true), ("Application/JSON", true),
    ("application/problem+json", true), ("image/svg+xml", true), ("text/event-stream", false),
    ("image/png", false), ("application/octet-stream", false), ("application/x-mine", true),
    ("application/jsonx", false), ("", false), ("text/", false),
  ])
  func `types that become smaller`(type: String, isSmaller: Bool) {
    let types = MediaTypes(extra: ["application/x-mine"])
    #expect(Array(type.utf8).withUnsafeBufferPointer { types.contains($0) } == isSmaller)
  }
}
