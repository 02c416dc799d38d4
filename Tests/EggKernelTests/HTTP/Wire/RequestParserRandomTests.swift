import Testing

@testable import EggKernel

@Suite("Request parser: random input") struct RequestParserRandomTests {
  /// SplitMix64: the same numbers on every run.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let interesting: [UInt8] = [
    0, 9, 10, 13, 32, 35, 37, 44, 47, 58, 59, 63, 64, 91, 93, 127, 128, 255,
  ]

  private func mutated(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      let byte =
        Bool.random(using: &random)
        ? Self.interesting.randomElement(using: &random)!
        : UInt8.random(in: 0...255, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[at] = byte
      case 1: bytes.insert(byte, at: at)
      case 2: bytes.remove(at: at)
      default: bytes.replaceSubrange(at..<at, with: bytes[at..<min(at + 9, bytes.count)])
      }
    }
    return bytes
  }

  @Test func `whatever comes, the result does not depend on the splits and holds together`() {
    var random = Seeded(state: 7)
    let seeds = (HTTPFixture.valid + HTTPFixture.refused).map(\.bytes)
    for _ in 0..<20_000 {
      let bytes = mutated(seeds.randomElement(using: &random)!, &random)
      let whole = ParsedRequest(bytes)
      let cuts = [Int.random(in: 0...bytes.count, using: &random)]
      let split = ParsedRequest(bytes, cuts: cuts)
      // A refusal may wait for the end of the head when the bytes come in pieces.
      let late = ParsedRequest(bytes + Array("\r\n\r\n".utf8), cuts: cuts + [bytes.count])
      if split.outcome == .needMore, case .refused = whole.outcome {
        #expect(late.outcome == whole.outcome, "\(bytes) cut at \(cuts)")
      } else {
        #expect(split.outcome == whole.outcome, "\(bytes) cut at \(cuts)")
      }
      if case .complete(let length) = whole.outcome {
        checkInside(whole, length)
        #expect(split.head.framing == whole.head.framing)
        let part = Array(bytes[..<Int.random(in: 0..<length, using: &random)])
        #expect(ParsedRequest(part).outcome == .needMore)
      }
    }
  }

  private func checkInside(_ request: ParsedRequest, _ length: Int) {
    let head = request.head
    for range in [head.methodName, head.target, head.path, head.query, head.host] {
      #expect(range.end <= length)
    }
    #expect(head.methodName.count > 0 && head.target.count > 0)
    for field in request.fields.all {
      #expect(field.name.count > 0 && field.name.end < field.value.start + 1)
      #expect(field.value.end <= length - 4)
      for byte in field.value.bytes(in: request.memory) {
        #expect((byte >= 0x20 || byte == 9) && byte != 0x7F)
      }
    }
    if head.minorVersion != 0 { #expect(request.header("host") != nil) }
  }
}
