import Egg
import MessagePack
import Testing

@Suite("MessagePack") struct MessagePackTests {
  /// From the specification's formats, at the borders of each.
  nonisolated static let numbers: [(Int, String)] = [
    (0, "00"), (127, "7f"), (128, "cc80"), (255, "ccff"), (256, "cd0100"), (65535, "cdffff"),
    (65536, "ce00010000"), (4_294_967_295, "ceffffffff"), (4_294_967_296, "cf0000000100000000"),
    (.max, "cf7fffffffffffffff"), (-1, "ff"), (-32, "e0"), (-33, "d0df"), (-128, "d080"),
    (-129, "d1ff7f"), (-32768, "d18000"), (-32769, "d2ffff7fff"), (-2_147_483_648, "d280000000"),
    (-2_147_483_649, "d3ffffffff7fffffff"), (.min, "d38000000000000000"),
  ]

  @Test(arguments: numbers)
  func `whole numbers are as short as they can be`(number: Int, hex: String) throws {
    #expect(MessagePackWriter.write(.integer(number)) == Corpus.hex(hex))
    #expect(try MessagePackReader.read(Corpus.hex(hex)) == .integer(number))
  }

  nonisolated static let formats: [(String, Value)] = [
    ("cb3ff8000000000000", Value.number(1.5)), ("ca3fc00000", 1.5), ("c0", .null), ("c3", true),
    ("cfffffffffffffffff", .number(18_446_744_073_709_551_616)), ("a2c3a9", "é"),
    ("d9026869", "hi"), ("da00026869", "hi"), ("db000000026869", "hi"),
    ("c403010203", .data([1, 2, 3])),
    ("c500020102", .data([1, 2])), ("c6000000010a", .data([10])), ("dc00020102", .list([1, 2])),
    ("dd0000000101", .list([1])), ("de0001a16101", ["a": 1] as Value),
    ("df00000001a16101", ["a": 1] as Value),
    ("8101a178", ["1": "x"] as Value), ("d40000", .null), ("d70000000000000003e8", .moment(1000)),
    ("d6ff00000001", .moment(1000)), ("d7ff77359400 00000001", .moment(1500)),
    ("c70cff1dcd65000000000000000002", .moment(2500)), ("c70605010203040506", .null),
    ("d705ffffffffffffffff", .null),
  ]

  @Test(arguments: formats)
  func `every format is read`(hex: String, value: Value) throws {
    #expect(try MessagePackReader.read(Corpus.hex(hex.replacing(" ", with: ""))) == value)
  }

  @Test func `texts, bytes, lists and objects of every length come back`() throws {
    for count in [0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536] {
      let values: [Value] = [
        .text(String(repeating: "x", count: count)), .data([UInt8](repeating: 9, count: count)),
        .list([Value](repeating: 1, count: count)),
        .map(ValueMap((0..<min(count, 300)).map { ("k\($0)", .integer($0)) })),
      ]
      for value in values {
        #expect(try MessagePackReader.read(MessagePackWriter.write(value)) == value)
      }
    }
  }

  @Test(arguments: [
    "", "c1", "92 01", "a3 6869", "c4 05 01", "dd ffffffff", "df ffffffff 01", "db ffffffff 61",
    "01 02", "c7", "c9 ffffffff 00", "d8 00", "ca 00", "81",
  ])
  func `what ends early, goes on too long or promises too much is refused`(hex: String) {
    #expect(throws: MessagePackError.self) {
      try MessagePackReader.read(Corpus.hex(hex.replacing(" ", with: "")))
    }
  }

  @Test func `what nests too deep is refused`() throws {
    #expect(throws: MessagePackError.self) {
      try MessagePackReader.read([UInt8](repeating: 0x91, count: 100_000))
    }
    let deep = [UInt8](repeating: 0x91, count: 100) + [0xC0]
    #expect(MessagePackWriter.write(try MessagePackReader.read(deep)) == deep)
  }

  @Test func `any bytes are a value or an error, and a value is written and read again`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<30_000 {
      let count = Int.random(in: 0..<40, using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      guard let value = try? MessagePackReader.read(bytes) else { continue }
      let again = try? MessagePackReader.read(MessagePackWriter.write(value))
      // Not a number is not itself.
      if !"\(value)".contains("null") { #expect(again == value) }
    }
  }
}
