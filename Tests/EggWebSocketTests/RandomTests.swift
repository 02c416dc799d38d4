import Testing

@testable import EggWebSocket

/// Bytes without meaning, from a generator with a seed so that a failure can be repeated.
private struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

@Suite("Random input") struct RandomTests {
  @Test func `a valid conversation with one byte changed ends in an event or a failure`() {
    let conversation =
      masked(.text, bytes("Grüße")) + masked(.binary, [1, 2, 3], isFinal: false)
      + masked(.ping, []) + masked(.continuation, [4]) + masked(.close, [0x03, 0xE8])
    for place in conversation.indices {
      for bit in 0..<8 {
        var changed = conversation
        changed[place] ^= 1 << bit
        let whole = parse(changed, maxPayload: 4096)
        #expect(parse(changed.map { [$0] }, maxPayload: 4096) == whole, "byte \(place), bit \(bit)")
      }
    }
  }

  @Test func `random bytes mean the same wherever they are cut`() {
    var generator = Generator(state: 0x5EED)
    for _ in 0..<2000 {
      var input = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        UInt8.random(in: .min ... .max, using: &generator)
      }
      if input.count > 1 {
        input[0] = [0x81, 0x82, 0x01, 0x80, 0x89, 0x88].randomElement(using: &generator)!
        input[1] |= 0x80
      }
      #expect(parse(input.map { [$0] }, maxPayload: 100) == parse(input, maxPayload: 100))
    }
  }
}
