import Testing

@testable import EggWebSocket

@Suite("Messages") struct MessageTests {
  /// RFC 6455 §5.7.
  @Test func `the examples of the RFC are read`() {
    #expect(parse(hex("81 05 48 65 6c 6c 6f"), as: .client).events == [.text("Hello")])
    #expect(
      parse(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")).events == [.text("Hello")])
    #expect(
      parse(hex("01 03 48 65 6c 80 02 6c 6f"), as: .client).events == [.text("Hello")])
    #expect(
      parse(hex("89 05 48 65 6c 6c 6f"), as: .client).events == [.ping(bytes("Hello"))])
    #expect(
      parse(hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58")).events == [.pong(bytes("Hello"))])
  }

  @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536, 70000])
  func `every length comes back`(count: Int) {
    let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    #expect(parse(masked(.binary, data)).events == [.binary(data)])
  }

  @Test(arguments: 0...130)
  func `a text of every length is read where it lies, in one piece or several`(count: Int) throws {
    let texts = [
      String(repeating: "a", count: count), String(repeating: "ü", count: count / 2) + "z",
    ]
    var parser = MessageParser(.server, maxPayload: 1000)
    var got: [String] = []
    let input = texts.flatMap { masked(.text, bytes($0)) } + masked(.text, bytes("end")).prefix(5)
    try input.withUnsafeBytes {
      try parser.feed($0, text: { got.append(String(decoding: $0, as: UTF8.self)) }) { _ in }
    }
    try Array(masked(.text, bytes("end"))[5...]).withUnsafeBytes {
      try parser.feed($0, text: { got.append(String(decoding: $0, as: UTF8.self)) }) { _ in }
    }
    #expect(got == texts + ["end"])
  }

  @Test(arguments: 0..<20)
  func `a byte that is no UTF-8 is found at every place of a text`(place: Int) {
    var text = bytes("twenty bytes of text")
    text[place] = 0xFF
    #expect(parse(masked(.text, text)) == Outcome(failure: .invalidPayload))
    // A character that does not end.
    #expect(parse(masked(.text, text[..<place] + [0xC3])) == Outcome(failure: .invalidPayload))
  }

  @Test func `a conversation means the same wherever it is cut`() {
    let conversation =
      masked(.text, bytes("Grüße, 世界 🥚")) + masked(.ping, bytes("p"))
      + masked(.binary, Array(0...255)) + masked(.text, bytes("ein "), isFinal: false)
      + masked(.pong, []) + masked(.continuation, Array("é".utf8.prefix(1)), isFinal: false)
      + masked(.ping, bytes("between")) + masked(.continuation, Array("é".utf8.suffix(1)))
      + masked(.text, []) + masked(.close, [0x03, 0xE8] + bytes("bye"))
    let expected: [MessageParser.Event] = [
      .text("Grüße, 世界 🥚"), .ping(bytes("p")), .binary(Array(0...255)), .pong([]),
      .ping(bytes("between")), .text("ein é"), .text(""), .close(.normal, reason: "bye"),
    ]
    #expect(parse(conversation) == Outcome(events: expected))
    for place in 1..<conversation.count {
      let pieces = [Array(conversation[..<place]), Array(conversation[place...])]
      #expect(parse(pieces) == Outcome(events: expected), "cut at \(place)")
    }
    #expect(parse(conversation.map { [$0] }) == Outcome(events: expected), "byte by byte")
  }

  @Test func `nothing is read after a close frame`() {
    let outcome = parse(masked(.close, []) + masked(.text, bytes("late")) + [0xFF, 0xFF])
    #expect(outcome == Outcome(events: [.close(nil, reason: "")]))
  }

  @Test func `what came before a mistake is delivered`() {
    let outcome = parse(masked(.text, bytes("good")) + hex("8f 80 00 00 00 00"))
    #expect(outcome == Outcome(events: [.text("good")], failure: .protocolError))
  }

  @Test func `after a mistake everything is ignored`() throws {
    var parser = MessageParser(.server, maxPayload: 10)
    #expect(throws: WebSocketFailure.self) { try parser.feed(hex("83 80")) { _ in } }
    var events = 0
    try parser.feed(masked(.text, bytes("x"))) { _ in events += 1 }
    #expect(events == 0)
  }
}

@Suite("Malformed frames") struct MalformedFrameTests {
  @Test(arguments: [
    ("reserved bit 1", "c1 80 00 00 00 00"), ("reserved bit 2", "a1 80 00 00 00 00"),
    ("reserved bit 3", "91 80 00 00 00 00"), ("opcode 3", "83 80 00 00 00 00"),
    ("opcode 7", "87 80 00 00 00 00"), ("opcode 11", "8b 80 00 00 00 00"),
    ("opcode 15", "8f 80 00 00 00 00"), ("no mask", "81 01 61"),
    ("a fragmented ping", "09 80 00 00 00 00"), ("a long ping", "89 fe 00 7e 00 00 00 00"),
    ("a long close", "88 fe 00 7e 00 00 00 00"),
    ("a continuation of nothing", "80 80 00 00 00 00"),
    ("a beginning inside a message", "01 80 00 00 00 00 81 80 00 00 00 00"),
    ("the highest bit of the length", "82 ff 80 00 00 00 00 00 00 00 00 00 00 00"),
    ("125 in two bytes", "82 fe 00 7d 00 00 00 00"),
    ("65535 in eight bytes", "82 ff 00 00 00 00 00 00 ff ff 00 00 00 00"),
    ("a close frame of one byte", "88 81 00 00 00 00 03"),
  ])
  func `is a protocol error`(what: String, frame: String) {
    #expect(parse(hex(frame)) == Outcome(failure: .protocolError), "\(what)")
    #expect(parse(hex(frame).map { [$0] }) == Outcome(failure: .protocolError), "\(what), bytewise")
  }

  @Test func `a server's frame must not be masked`() {
    #expect(parse(masked(.text, bytes("a")), as: .client).failure == .protocolError)
  }

  /// What is wrong is known from two bytes; nobody waits for the rest.
  @Test func `a mistake is seen at once`() {
    #expect(parse(hex("c1 80")).failure == .protocolError)
    #expect(parse(hex("89 fe")).failure == .protocolError)
  }

  @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
  func `this close code cannot be sent`(code: Int) {
    let payload = [UInt8(code >> 8), UInt8(code & 0xFF)]
    #expect(parse(masked(.close, payload)) == Outcome(failure: .protocolError))
  }

  @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999] as [UInt16])
  func `this close code can be sent`(code: UInt16) {
    let payload = [UInt8(code >> 8), UInt8(code & 0xFF)]
    #expect(parse(masked(.close, payload)).events == [.close(CloseCode(code), reason: "")])
  }
}

@Suite("Limits") struct LimitTests {
  @Test func `a message may be as long as the limit and no longer`() {
    #expect(parse(masked(.binary, [1, 2, 3, 4]), maxPayload: 4).failure == nil)
    #expect(parse(masked(.binary, [1, 2, 3, 4, 5]), maxPayload: 4).failure == .messageTooBig)
  }

  @Test func `the announcement is enough to refuse`() {
    #expect(parse(hex("82 ff 7f ff ff ff ff ff ff ff 00 00 00 00")).failure == .messageTooBig)
  }

  @Test func `fragments count together`() {
    let frames =
      masked(.text, bytes("abc"), isFinal: false)
      + masked(.continuation, bytes("de"), isFinal: false)
    #expect(parse(frames, maxPayload: 5).failure == nil)
    #expect(
      parse(frames + masked(.continuation, bytes("f")), maxPayload: 5).failure == .messageTooBig)
  }

  @Test func `a ping inside a message does not count`() {
    let frames =
      masked(.text, bytes("abc"), isFinal: false) + masked(.ping, bytes("12345678"))
      + masked(.continuation, bytes("de"))
    #expect(parse(frames, maxPayload: 5).events == [.ping(bytes("12345678")), .text("abcde")])
  }
}
