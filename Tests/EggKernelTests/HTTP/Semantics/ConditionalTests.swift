import Testing

@testable import EggHTTPSemantics

@Suite("Conditional requests and ranges") struct ConditionalTests {
  private static let old = "Sat, 05 Nov 1994 08:49:37 GMT"
  private static let new = "Sun, 06 Nov 1994 08:49:37 GMT"

  @Test(
    arguments: [
      (nil, nil, nil, "\"a\"", nil, false), ("\"a\"", nil, nil, "\"a\"", nil, true),
      ("\"b\"", nil, nil, "\"a\"", nil, false), ("W/\"a\"", nil, nil, "\"a\"", nil, true),
      ("\"a\"", nil, nil, "W/\"a\"", nil, true), ("\"b\", \"a\"", nil, nil, "\"a\"", nil, true),
      ("*", nil, nil, "\"a\"", nil, true), ("\"a\"", nil, nil, nil, nil, false),
      ("\"x,\\\", \"a\"", nil, nil, "\"b\"", nil, false),
      ("\"a\"", nil, "no-cache", "\"a\"", nil, false),
      ("\"a\"", nil, "max-age=0", "\"a\"", nil, true),
      ("\"a\"", nil, "x, No-Cache", "\"a\"", nil, false),
      ("\"a\"", nil, "no-cached", "\"a\"", nil, true),
      (nil, new, nil, nil, old, true), (nil, new, nil, nil, new, true),
      (nil, old, nil, nil, new, false),
      (nil, "yesterday", nil, nil, old, false), (nil, new, nil, nil, nil, false),
      ("\"b\"", new, nil, "\"a\"", old, false), ("\"a\"", old, nil, "\"a\"", new, true),
    ] as [(String?, String?, String?, String?, String?, Bool)])
  func `a copy is fresh as RFC 9110 §13.1 says`(
    match: String?, since: String?, control: String?, etag: String?, modified: String?, fresh: Bool
  ) {
    #expect(
      isFresh(
        ifNoneMatch: match, ifModifiedSince: since, cacheControl: control, etag: etag,
        lastModified: modified) == fresh)
  }

  @Test func `If-Range wants the same strong tag or the very date`() {
    #expect(ifRangeHolds(nil, etag: nil, lastModified: nil))
    #expect(ifRangeHolds("\"a\"", etag: "\"a\"", lastModified: nil))
    #expect(!ifRangeHolds("W/\"a\"", etag: "W/\"a\"", lastModified: nil))
    #expect(!ifRangeHolds("\"a\"", etag: "W/\"a\"", lastModified: nil))
    #expect(ifRangeHolds(Self.new, etag: nil, lastModified: Self.new))
    #expect(!ifRangeHolds(Self.new, etag: nil, lastModified: Self.old))
  }

  @Test func `an entity tag has quotes and nothing odd between them`() {
    for tag in ["\"\"", "\"a-b\"", "W/\"1\""] { #expect(isEntityTag(tag)) }
    for tag in ["", "\"", "a", "\"a", "w/\"a\"", "\"a b\"", "\"a\"b\"", "\"a\n\""] {
      #expect(!isEntityTag(tag))
    }
  }

  @Test(
    arguments: [
      (nil, []), ("bytes=0-499", [(0, 499)]), ("bytes=500-999", [(500, 999)]),
      ("bytes=-500", [(9500, 9999)]), ("bytes=9500-", [(9500, 9999)]),
      ("bytes=0-0,-1", [(0, 0), (9999, 9999)]), ("Bytes = 0-1 , 5-6", [(0, 1), (5, 6)]),
      ("bytes=9999-20000", [(9999, 9999)]), ("bytes=-20000", [(0, 9999)]),
      ("bytes=10000-10001, 1-2", [(1, 2)]), ("bytes=1-99999999999999999999999", [(1, 9999)]),
      ("items=0-1", []), ("bytes=5-1", []), ("bytes=a-b", []), ("bytes=", []), ("bytes=-", []),
      ("bytes=1", []), ("bytes=+1-2", []), ("bytes=0-,0-", []), ("0-1", []),
    ] as [(String?, [(Int, Int)])])
  func `a range is read for 10000 bytes`(header: String?, ranges: [(Int, Int)]) {
    let expected = ranges.map { ContentRange(start: $0.0, last: $0.1) }
    let found = rangeRequest(header, size: 10_000)
    #expect(found == (expected.isEmpty ? .everything : .ranges(expected)))
  }

  @Test(arguments: ["bytes=10000-", "bytes=-0", "bytes=10000-10001,20000-"])
  func `ranges outside are unsatisfiable`(header: String) {
    #expect(rangeRequest(header, size: 10_000) == .unsatisfiable)
  }

  @Test func `an empty content has no ranges`() {
    #expect(rangeRequest("bytes=0-", size: 0) == .unsatisfiable)
    #expect(rangeRequest("bytes=-5", size: 0) == .unsatisfiable)
  }

  @Test func `too many ranges are answered with everything`() {
    let many = "bytes=" + (0..<17).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ",")
    #expect(rangeRequest(many, size: 10_000) == .everything)
    #expect(rangeRequest(many, size: 10_000, maxRanges: 17) != .everything)
  }

  @Test func `a part says where it lies`() {
    #expect(ContentRange(start: 0, last: 99).headerValue(size: 1000) == "bytes 0-99/1000")
    #expect(ContentRange(start: 5, last: 5).length == 1)
  }
}
