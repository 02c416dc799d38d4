import Testing

@testable import EggKernel

@Suite("Byte buffer") struct ByteBufferTests {
  @Test func `bytes come out as they went in`() {
    let buffer = ByteBuffer()
    #expect(buffer.capacity == 0 && buffer.isEmpty && buffer.bytes.count == 0)
    buffer.append("ab")
    buffer.append([99, 100])
    buffer.append([0, 101, 0][1...1])
    buffer.append(byte: 102)
    let text: String = "gé"
    buffer.append(text)
    #expect(buffer.string == "abcdefgé")
    buffer.consume(3)
    #expect(buffer.string == "defgé")
    buffer.truncate(2)
    #expect(buffer.string == "defg")
    buffer.consume(4)
    #expect(buffer.isEmpty)
  }

  @Test func `growing keeps the unconsumed bytes`() {
    let buffer = ByteBuffer(capacity: 16)
    var expected: [UInt8] = []
    for round in 0..<1000 {
      let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: round % 37)
      buffer.append(piece)
      expected += piece
      let eaten = min(round % 29, expected.count)
      buffer.consume(eaten)
      expected.removeFirst(eaten)
      #expect(Array(buffer.bytes) == expected)
    }
  }

  @Test func `memory is reused by consuming instead of growing`() {
    let buffer = ByteBuffer(capacity: 256)
    for _ in 0..<1000 {
      buffer.append([UInt8](repeating: 1, count: 100))
      buffer.consume(90)
      if buffer.count > 100 { buffer.consume(buffer.count) }
    }
    #expect(buffer.capacity == 256)
  }

  @Test func `a socket reads into the reserved room`() {
    let buffer = ByteBuffer()
    let room = buffer.reserve(4)
    #expect(buffer.room >= 4)
    room[0] = 120
    room[1] = 121
    buffer.didWrite(2)
    #expect(buffer.string == "xy")
  }

  @Test func `reset keeps the memory and giveBack frees it`() {
    let buffer = ByteBuffer(capacity: 1000)
    buffer.append("x")
    buffer.reset()
    #expect(buffer.isEmpty && buffer.capacity >= 1000)
    buffer.giveBack()
    #expect(buffer.isEmpty && buffer.capacity == 0)
    buffer.append("again")
    #expect(buffer.string == "again")
  }

  @Test(arguments: [
    (0, "0"), (7, "7"), (10, "10"), (99, "99"), (100, "100"), (1_234_567, "1234567"),
    (-1, "-1"), (Int.max, "9223372036854775807"), (Int.min, "-9223372036854775808"),
  ])
  func `a number is written in decimal`(value: Int, text: String) {
    let buffer = ByteBuffer()
    buffer.appendDecimal(value)
    #expect(buffer.string == text)
  }

  @Test func `the largest number is written in decimal and hexadecimal`() {
    let buffer = ByteBuffer()
    buffer.appendDecimal(UInt64.max)
    buffer.append(byte: 32)
    buffer.appendHexadecimal(UInt64.max)
    #expect(buffer.string == "18446744073709551615 ffffffffffffffff")
  }

  @Test(arguments: [(0, "0"), (9, "9"), (10, "a"), (16, "10"), (500, "1f4"), (65535, "ffff")])
  func `a number is written in hexadecimal`(value: UInt64, text: String) {
    let buffer = ByteBuffer()
    buffer.appendHexadecimal(value)
    #expect(buffer.string == text)
  }
}
