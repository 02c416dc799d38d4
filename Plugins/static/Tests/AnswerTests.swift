import EggHTTPSemantics
import Testing

@testable import EggStatic

@Suite("Answer") struct AnswerTests {
  private let folder: TemporaryFolder
  private let file: Representation

  /// A file of ten bytes with the tag `"tttt"` (that is what three bytes 0xB6DB6D are in Base64).
  init() throws {
    folder = try TemporaryFolder()
    try folder.write("a.txt", "0123456789", modified: 784_111_777)
    let files = StoreUnderTest([(folder.path, .init())], digest: { _ in [0xB6, 0xDB, 0x6D] })
    file = try #require(files.find("/public/a.txt")).identity
  }

  private func plan(_ fields: [String: String], limit: Int = 1000) -> AnswerPlan {
    var conditions = Conditions()
    func view(_ name: String) -> UnsafeBufferPointer<UInt8>? {
      guard let value = fields[name] else { return nil }
      let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: value.utf8.count)
      _ = memory.initialize(from: value.utf8)
      return UnsafeBufferPointer(memory)
    }
    conditions.ifNoneMatch = view("If-None-Match")
    conditions.ifModifiedSince = view("If-Modified-Since")
    conditions.cacheControl = view("Cache-Control")
    conditions.range = view("Range")
    conditions.ifRange = view("If-Range")
    defer {
      for text in [
        conditions.ifNoneMatch, conditions.ifModifiedSince, conditions.cacheControl,
        conditions.range, conditions.ifRange,
      ] { text?.deallocate() }
    }
    return AnswerPlan(conditions, for: file, partLimit: limit)
  }

  private func range(_ start: Int, _ last: Int) -> ContentRange { .init(start: start, last: last) }

  @Test func `the tag is as expected by the other tests`() { #expect(file.etag == "\"tttt\"") }

  @Test func `a version that the client has is not sent`() {
    #expect(plan(["If-None-Match": "\"tttt\""]) == .notModified)
    #expect(plan(["If-None-Match": "W/\"tttt\""]) == .notModified)
    #expect(plan(["If-None-Match": "\"x\", \"tttt\""]) == .notModified)
    #expect(plan(["If-None-Match": "*"]) == .notModified)
    #expect(plan(["If-None-Match": "\"x\""]) == .whole)
    #expect(plan(["If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"]) == .notModified)
    #expect(plan(["If-Modified-Since": "Sun, 06 Nov 1994 08:49:38 GMT"]) == .notModified)
    #expect(plan(["If-Modified-Since": "Sun, 06 Nov 1994 08:49:36 GMT"]) == .whole)
    #expect(plan(["If-Modified-Since": "yesterday"]) == .whole)
  }

  @Test func `a tag counts more than a date, and no-cache more than both`() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(plan(["If-None-Match": "\"x\"", "If-Modified-Since": date]) == .whole)
    #expect(plan(["If-None-Match": "\"tttt\"", "Cache-Control": "no-cache"]) == .whole)
  }

  @Test func `a range is a part`() {
    #expect(plan(["Range": "bytes=0-3"]) == .part(range(0, 3)))
    #expect(plan(["Range": "bytes=7-"]) == .part(range(7, 9)))
    #expect(plan(["Range": "bytes=-2"]) == .part(range(8, 9)))
    #expect(plan(["Range": "bytes=5-99999999999999999999"]) == .part(range(5, 9)))
  }

  @Test func `a range that is nowhere is refused, another unit is ignored`() {
    #expect(plan(["Range": "bytes=10-"]) == .unsatisfiable)
    #expect(plan(["Range": "bytes=-0"]) == .unsatisfiable)
    #expect(plan(["Range": "lines=1-2"]) == .whole)
    #expect(plan(["Range": "bytes=3-1"]) == .whole)
    #expect(plan(["Range": "bytes=a-b"]) == .whole)
  }

  @Test func `several ranges are parts unless they are too much`() {
    #expect(plan(["Range": "bytes=0-1,8-9"]) == .parts([range(0, 1), range(8, 9)]))
    #expect(plan(["Range": "bytes=0-1,8-9"], limit: 3) == .whole)
    #expect(plan(["Range": "bytes=0-9,0-9"]) == .whole)
  }

  @Test func `a range of another version is the whole`() {
    #expect(plan(["Range": "bytes=0-3", "If-Range": "\"tttt\""]) == .part(range(0, 3)))
    #expect(plan(["Range": "bytes=0-3", "If-Range": "W/\"tttt\""]) == .whole)
    #expect(plan(["Range": "bytes=0-3", "If-Range": "\"x\""]) == .whole)
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(plan(["Range": "bytes=0-3", "If-Range": date]) == .part(range(0, 3)))
    #expect(plan(["Range": "bytes=0-3", "If-None-Match": "\"tttt\""]) == .notModified)
  }

  @Test func `parts are set off by the boundary`() throws {
    let content = Array("0123456789".utf8)
    let parts = try #require(
      ByteRanges(
        [range(0, 1), range(8, 9)], size: 10, type: "text/plain", boundary: "B"
      ) { range, body in
        body += content[range.start...range.last]
        return true
      })
    #expect(parts.type == "multipart/byteranges; boundary=B")
    #expect(
      String(decoding: parts.body, as: UTF8.self) == """
        --B\r
        Content-Type: text/plain\r
        Content-Range: bytes 0-1/10\r
        \r
        01\r
        --B\r
        Content-Type: text/plain\r
        Content-Range: bytes 8-9/10\r
        \r
        89\r
        --B--\r

        """)
  }

  @Test(arguments: [
    ("gzip", true, false), ("gzip, deflate, br", true, true), ("br;q=1.0, gzip;q=0.8", true, true),
    ("", false, false), ("identity", false, false), ("gzip;q=0", false, false),
    ("gzip;q=0.000, br", false, true), ("*", true, true), ("*;q=0", false, false),
    ("gzip;q=0, *", false, true), ("GZIP", true, false), ("x-gzip", true, false),
    ("gzipped, bro", false, false), (" gzip ; q=0.5 ,\tbr", true, true), (",,gzip", true, false),
  ])
  func `codings that the client takes`(header: String, gzip: Bool, brotli: Bool) {
    let accepted = Array(header.utf8).withUnsafeBufferPointer(AcceptedCodings.init(_:))
    #expect(accepted.contains(.gzip) == gzip)
    #expect(accepted.contains(.brotli) == brotli)
  }
}
