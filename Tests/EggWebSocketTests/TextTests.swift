import Testing

@testable import EggWebSocket

@Suite("Text") struct TextTests {
  /// RFC 3629 §4 and the table of the Unicode standard, 3-7.
  @Test(arguments: [
    "80", "bf", "c0 80", "c1 bf", "c2", "c2 41", "e0 9f bf", "e0 80 80", "ed a0 80", "ed bf bf",
    "e4 b8", "f0 8f bf bf", "f4 90 80 80", "f5 80 80 80", "f8 88 80 80 80", "fe", "ff",
    "61 62 63 64 65 66 67 68 80", "ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64",
  ])
  func `this is not UTF-8`(text: String) {
    #expect(parse(masked(.text, hex(text))) == Outcome(failure: .invalidPayload))
    #expect(parse(masked(.text, hex(text)).map { [$0] }) == Outcome(failure: .invalidPayload))
  }

  @Test(arguments: [
    "7f", "c2 80", "df bf", "e0 a0 80", "ed 9f bf", "ee 80 80", "ef bf bf", "f0 90 80 80",
    "f4 8f bf bf", "61 62 63 64 65 66 67 68 c3 a9",
  ])
  func `this is`(text: String) {
    #expect(
      parse(masked(.text, hex(text))).events == [.text(String(decoding: hex(text), as: UTF8.self))])
  }

  @Test func `bytes that cannot become text are refused before the message has ended`() {
    #expect(parse(masked(.text, hex("61 ed a0"), isFinal: false)).failure == .invalidPayload)
  }

  @Test func `a reason that is not UTF-8 is refused`() {
    #expect(parse(masked(.close, hex("03 e8 ff"))).failure == .invalidPayload)
    #expect(parse(masked(.close, hex("03 e8 c3"))).failure == .invalidPayload)
  }

  @Test func `binary is not looked at`() {
    #expect(parse(masked(.binary, [0xFF, 0xC0])).events == [.binary([0xFF, 0xC0])])
  }
}
