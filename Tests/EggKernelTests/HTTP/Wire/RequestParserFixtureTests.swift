import Testing

@testable import EggKernel

@Suite("Request parser: fixtures") struct RequestParserFixtureTests {
  private func check(_ fixture: HTTPFixture, _ request: ParsedRequest, _ how: String) {
    guard case .complete(let length) = request.outcome else {
      Issue.record("\(fixture.name) \(how): \(request.outcome)")
      return
    }
    #expect(length == request.head.length)
    for (key, value) in fixture.expected {
      if key == "header" {
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let found = request.header(String(parts[0]))
        #expect(found == String(parts[1]), "\(fixture.name) \(how): header \(parts[0])")
      } else {
        #expect(request.fact(key) == value, "\(fixture.name) \(how): \(key)")
      }
    }
  }

  @Test(arguments: HTTPFixture.valid)
  func `a valid request says what its sheet says`(fixture: HTTPFixture) {
    #expect(!fixture.expected.isEmpty)
    check(fixture, ParsedRequest(fixture.bytes), "whole")
  }

  @Test(arguments: HTTPFixture.valid)
  func `a valid request may be split anywhere`(fixture: HTTPFixture) {
    for cut in 0...fixture.bytes.count {
      check(fixture, ParsedRequest(fixture.bytes, cuts: [cut]), "split at \(cut)")
    }
  }

  @Test(arguments: HTTPFixture.valid)
  func `a valid request may come byte by byte`(fixture: HTTPFixture) {
    let bytes = fixture.bytes
    check(fixture, ParsedRequest(bytes, cuts: Array(0..<bytes.count)), "byte by byte")
  }

  @Test(arguments: HTTPFixture.valid)
  func `no part of a valid head is taken for more or less than a part`(fixture: HTTPFixture) {
    guard case .complete(let length) = ParsedRequest(fixture.bytes).outcome else {
      Issue.record("not complete")
      return
    }
    for end in 0..<length {
      #expect(ParsedRequest(Array(fixture.bytes[..<end])).outcome == .needMore)
    }
  }

  @Test(arguments: HTTPFixture.refused)
  func `a bad request is refused for its own reason`(fixture: HTTPFixture) {
    guard case .refused(let refusal) = ParsedRequest(fixture.bytes).outcome else {
      Issue.record("\(fixture.name): \(ParsedRequest(fixture.bytes).outcome)")
      return
    }
    #expect("\(refusal)" == fixture.refusalName)
  }

  @Test(arguments: HTTPFixture.refused)
  func `a bad request is refused for the same reason however it is split`(fixture: HTTPFixture) {
    let whole = ParsedRequest(fixture.bytes).outcome
    let count = fixture.bytes.count
    for cut in 0...count {
      #expect(ParsedRequest(fixture.bytes, cuts: [cut]).outcome == whole, "split at \(cut)")
    }
    #expect(ParsedRequest(fixture.bytes, cuts: Array(0..<count)).outcome == whole)
  }

  @Test func `every refusal has a fixture, the three about size have tests of their own`() {
    let shown = Set(HTTPFixture.refused.map(\.refusalName))
    let sizes = ["requestLineTooLong", "headersTooLarge", "tooManyHeaders"]
    for refusal in RequestRefusal.allCases where !sizes.contains("\(refusal)") {
      #expect(shown.contains("\(refusal)"))
    }
  }

  @Test func `every refusal has a client or server error status and a reason of its own`() {
    for refusal in RequestRefusal.allCases {
      #expect([400, 413, 414, 417, 431, 501, 505].contains(refusal.status))
    }
    let reasons = Set(RequestRefusal.allCases.map { "\($0.reason)" })
    #expect(reasons.count == RequestRefusal.allCases.count)
  }
}
