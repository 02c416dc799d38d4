import Testing

@testable import EggKernel

@Suite("Header table") struct HeaderTableTests {
  private let request = ParsedRequest(
    "GET / HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nCookie: a=1\r\nx-one: 2\r\nCOOKIE: b=2\r\n\r\n")

  @Test func `a name is found in any case`() {
    #expect(request.header("host") == "x")
    #expect(request.header("HOST") == "x")
    #expect(request.header("x-ONE") == "1")
    #expect(request.header("Cookie") == "a=1")
  }

  @Test func `an occurrence is found by its number`() {
    #expect(request.header("X-One", nth: 1) == "2")
    #expect(request.header("X-One", nth: 2) == nil)
    #expect(request.header("cookie", nth: 1) == "b=2")
    #expect(request.header("cookie", nth: 2) == nil)
    #expect(request.fields.value(of: .cookie, nth: 1).map(request.text) == "b=2")
    #expect(request.fields.value(of: .accept) == nil)
  }

  @Test func `what is not there is nil`() {
    #expect(request.header("x-two") == nil)
    #expect(request.header("") == nil)
    #expect(request.header("x-one ") == nil)
    #expect(request.header(String(repeating: "x", count: 70_000)) == nil)
  }

  @Test func `fields keep their order and spelling`() {
    let names = request.fields.all.map { request.text($0.name) }
    #expect(names == ["Host", "X-One", "Cookie", "x-one", "COOKIE"])
    #expect(request.fields[3].id == .other)
    #expect(request.fields[4].id == .cookie)
  }

  @Test(arguments: HeaderName.allCases.filter { $0 != .other })
  func `every known name is recognised in any case and nothing near it`(name: HeaderName) {
    func id(_ text: String) -> HeaderName {
      var text = text
      return text.withUTF8 { HeaderName($0.baseAddress!, count: $0.count) }
    }
    let text = "\(name.text)"
    #expect(id(text) == name)
    #expect(id(text.uppercased()) == name)
    #expect(id(text + "s") != name)
    #expect(id(String(text.dropLast()) + "~") != name)
    #expect(id("_" + text.dropFirst()) != name)
  }

  @Test func `a name that differs from a known one by bit 5 only is another one`() {
    #expect(request.header("host".replacing("t", with: "T")) == "x")
    let odd = ParsedRequest("GET / HTTP/1.1\r\nHost: x\r\nContent-Type: a\r\n\r\n")
    #expect(odd.header("content\rtype") == nil)
  }

  @Test func `the capacity is kept between 1 and 1000`() {
    #expect(HeaderTable(capacity: 0).capacity == 1)
    #expect(HeaderTable(capacity: 5000).capacity == 1000)
    #expect(HeaderTable().capacity == 100)
  }

  @Test func `an entry is 16 bytes`() {
    #expect(MemoryLayout<HeaderField>.stride == 16)
  }
}
