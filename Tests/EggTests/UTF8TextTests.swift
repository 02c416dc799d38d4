import Testing

@testable import Egg

@Suite struct UTF8TextTests {
  private func check(_ bytes: [UInt8]) {
    let expected = String(decoding: bytes, as: UTF8.self)
    let text = bytes.withUnsafeBufferPointer { String(utf8: $0) }
    #expect(Array(text.utf8) == Array(expected.utf8), "\(bytes)")
    #expect(
      bytes.withUnsafeBufferPointer { UTF8Scan.isValid($0) }
        == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
  }

  @Test(arguments: [
    "", "plain text that is longer than fifteen bytes", "Åsa Öberg wrote to 山田太郎 about 😀",
    "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF} and more",
  ])
  func `text comes back as it is`(_ text: String) { check(Array(text.utf8)) }

  /// RFC 3629, sections 3 and 4: longer forms than needed, halves of surrogate pairs, numbers beyond
  /// U+10FFFF, parts that are missing or stand alone.
  @Test(
    arguments: [
      [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0x80], [0xBF], [0xE0, 0x9F, 0xBF],
      [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80],
      [0xFE], [0xFF],
    ] as [[UInt8]])
  func `what is no UTF-8 is replaced as the standard library does`(_ wrong: [UInt8]) {
    for before in [0, 1, 7, 8, 9, 20] {
      for after in [0, 1, 7, 8, 20] {
        check(
          [UInt8](repeating: 0x61, count: before) + wrong + [UInt8](repeating: 0x62, count: after))
      }
    }
  }

  @Test func `bytes of every mixture are judged as the standard library judges them`() {
    let likely: [UInt8] = [0x41, 0x80, 0xBF, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF4, 0x9F, 0xA0]
    var state: UInt64 = 1
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    for _ in 0..<3000 { check((0..<next(25)).map { _ in likely[next(likely.count)] }) }
  }
}
