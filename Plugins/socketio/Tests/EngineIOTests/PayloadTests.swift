import EngineIO
import Testing

struct PayloadTests {
  private func read(_ body: [UInt8], _ revision: Revision, binary: Bool = false, limit: Int = 100)
    throws -> [Incoming]
  {
    var packets: [Incoming] = []
    try Payload.read(body, revision, binary: binary, limit: limit) {
      packets.append($0)
      return true
    }
    return packets
  }

  private func text(_ text: String) -> Incoming { .text(.message, Array(text.utf8)) }

  @Test func `packets of revision 4 stand between record separators`() throws {
    let body = Array("4hello\u{1e}bAQIDBA==\u{1e}2\u{1e}4€".utf8)
    #expect(
      try read(body, .v4) == [text("hello"), .binary([1, 2, 3, 4]), .text(.ping, []), text("€")])
  }

  @Test(arguments: ["", "4a\u{1e}", "\u{1e}4a", "x", "7", "4a\u{1e}\u{1e}4b", "b!!!!", "bA"])
  func `a broken payload of revision 4 is refused`(_ body: String) {
    #expect(throws: Payload.Failure.malformed) { try read(Array(body.utf8), .v4) }
  }

  @Test func `a body has a limited number of packets`() {
    let body = Array(Array(repeating: "4", count: 101).joined(separator: "\u{1e}").utf8)
    #expect(throws: Payload.Failure.tooMany) { try read(body, .v4) }
  }

  @Test func `lengths of revision 3 count UTF-16 units`() throws {
    #expect(try read(Array("4:4€😀1:2".utf8), .v3) == [text("€😀"), .text(.ping, [])])
    #expect(try read(Array("10:b4AQIDBA==".utf8), .v3) == [.binary([1, 2, 3, 4])])
    #expect(try read(Array("0:".utf8), .v3) == [])
  }

  @Test(arguments: [
    "", ":", "x", "99999999999999999999:4", "3:4€😀", "2:4", "0:4x", "1:", "-1:4", "1:44",
    "3:4😀x", "2:4😀",
  ])
  func `a broken payload of revision 3 is refused`(_ body: String) {
    #expect(throws: Payload.Failure.malformed) { try read(Array(body.utf8), .v3) }
  }

  @Test func `bodies of bytes have the length in digits of one byte`() throws {
    let body: [UInt8] = [0, 6, 0xFF] + Array("4hello".utf8) + [1, 5, 0xFF, 4, 1, 2, 3, 4]
    #expect(try read(body, .v3, binary: true) == [text("hello"), .binary([1, 2, 3, 4])])
  }

  @Test(
    arguments: [
      [], [0], [0, 1], [0, 0xFF, 0x34], [2, 1, 0xFF, 0x34], [0, 9, 0xFF, 0x34],
      [UInt8](repeating: 9, count: 30), [1, 1, 0xFF, 5], [0, 0, 0xFF],
    ] as [[UInt8]])
  func `a broken body of bytes is refused`(_ body: [UInt8]) {
    #expect(throws: Payload.Failure.malformed) { try read(body, .v3, binary: true) }
  }

  @Test func `what is written is what the protocols show`() {
    let packets = [
      Outgoing(.message, Array("hello".utf8)), Outgoing(.message, [1, 2, 3, 4], isBinary: true),
    ]
    func text(_ revision: Revision) -> String {
      String(
        decoding: Payload.write(packets[...], revision, allowBinary: false).body, as: UTF8.self)
    }
    #expect(text(.v4) == "4hello\u{1e}bAQIDBA==")
    #expect(text(.v3) == "6:4hello10:b4AQIDBA==")
    let binary = Payload.write(packets[...], .v3, allowBinary: true)
    #expect(binary.isBinary)
    #expect(
      binary.body == [0, 6, 0xFF] + Array("4hello".utf8) + [1, 5, 0xFF, 4, 1, 2, 3, 4])
  }

  @Test func `a frame holds digit and body, bytes alone in revision 4`() {
    #expect(Outgoing(.message, Array("hi".utf8)).frame(.v4) == [0x81, 3, 0x34, 0x68, 0x69])
    #expect(Outgoing(.message, [7], isBinary: true).frame(.v4) == [0x82, 1, 7])
    #expect(Outgoing(.message, [7], isBinary: true).frame(.v3) == [0x82, 2, 4, 7])
    let long = Outgoing(.message, [UInt8](repeating: 0x61, count: 200)).frame(.v4)
    #expect(long[..<5] == [0x81, 126, 0, 201, 0x34])
    #expect(long.count == 205)
    let longer = Outgoing(.message, [UInt8](repeating: 0x61, count: 70_000)).frame(.v4)
    #expect(longer[..<11] == [0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71, 0x34])
  }

  @Test func `base64 goes both ways and refuses other letters`() {
    for count in 0...20 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
      var text: [UInt8] = []
      Base64.append(bytes, to: &text)
      #expect(text.count % 4 == 0)
      #expect(text.withUnsafeBytes { Base64.decode($0) } == bytes)
    }
    for wrong in ["A", "A===", "AB=C", "AB*=", "=AAA", "AAAA="] {
      #expect(Array(wrong.utf8).withUnsafeBytes { Base64.decode($0) } == nil, "\(wrong)")
    }
  }

  @Test func `ids are long, of the letters that balancers look for, and differ`() {
    let ids = (0..<1000).map { _ in SessionID.make() }
    #expect(Set(ids).count == 1000)
    for id in ids {
      #expect(id.utf8.count == 20)
      #expect(id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    }
  }

  @Test func `whatever comes, reading a payload ends with packets or a refusal`() {
    var random = SplitMix(7)
    let letters = Array("0123456b:\u{1e}4AQ=😀é".utf8) + [0xFF, 0, 1, 9, 0xC3]
    for _ in 0..<20_000 {
      let count = Int(random.next() % 24)
      let body = (0..<count).map { _ in letters[Int(random.next() % UInt64(letters.count))] }
      for revision in [Revision.v3, .v4] {
        for binary in [false, true] {
          _ = try? read(body, revision, binary: binary)
        }
      }
    }
  }
}

/// Numbers that look random and are the same in every run.
struct SplitMix {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
