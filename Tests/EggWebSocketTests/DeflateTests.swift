import EggWebSocket
import EggWebSocketDeflate
import Testing

/// RFC 7692; the bytes are those of its §7.2.3.
struct DeflateTests {
  private func deflated(_ deflater: Deflater, _ text: String) -> [UInt8] {
    bytes(text).withUnsafeBytes { deflater.deflate($0) }
  }

  // MARK: messages

  @Test func `a message is compressed as the RFC's examples are`() throws {
    let deflater = try #require(Deflater(window: 15, forgets: false))
    #expect(deflated(deflater, "Hello") == hex("f2 48 cd c9 c9 07 00"))
    #expect(deflated(deflater, "Hello") == hex("f2 00 11 00 00"))
  }

  @Test func `one that forgets, or is told to, compresses each message by itself`() throws {
    let forgetful = try #require(Deflater(window: 15, forgets: true))
    let other = try #require(Deflater(window: 15, forgets: false))
    for deflater in [forgetful, other] {
      _ = deflated(deflater, "Hello")
      deflater.forget()
      #expect(deflated(deflater, "Hello") == hex("f2 48 cd c9 c9 07 00"))
    }
  }

  @Test(arguments: [
    "f2 48 cd c9 c9 07 00",
    // Not compressed at all.
    "00 05 00 fa ff 48 65 6c 6c 6f 00",
    // The last block of its stream.
    "f3 48 cd c9 c9 07 00 00",
    // Two blocks.
    "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
  ])
  func `every form of a message is understood`(_ payload: String) throws {
    let inflater = try #require(Inflater(window: 15, forgets: false))
    #expect(try inflater.inflate(hex(payload), limit: 5) == bytes("Hello"))
    // And refers to what was before.
    #expect(try inflater.inflate(hex("f2 00 11 00 00"), limit: 5) == bytes("Hello"))
  }

  @Test func `a message that refers to a forgotten one is broken`() throws {
    let inflater = try #require(Inflater(window: 15, forgets: true))
    _ = try inflater.inflate(hex("f2 48 cd c9 c9 07 00"), limit: 100)
    #expect(throws: WebSocketFailure.self) {
      try inflater.inflate(hex("f2 00 11 00 00"), limit: 100)
    }
  }

  @Test func `an empty message is one byte`() throws {
    let deflater = try #require(Deflater(window: 15, forgets: true))
    #expect(deflated(deflater, "") == [0])
    let inflater = try #require(Inflater(window: 15, forgets: true))
    #expect(try inflater.inflate([0], limit: 0) == [])
  }

  @Test(arguments: [9, 12, 15])
  func `long messages of every kind come back`(_ window: Int) throws {
    let deflater = try #require(Deflater(window: window, forgets: false, level: 1))
    let inflater = try #require(Inflater(window: window, forgets: false))
    var generator = SystemRandomNumberGenerator()
    for size in [1, 125, 65_535, 300_000] {
      let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let text = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
      for message in [noise, text] {
        let payload = message.withUnsafeBytes { deflater.deflate($0) }
        #expect(try inflater.inflate(payload, limit: size) == message)
      }
    }
  }

  @Test func `a bomb is refused as soon as it is too long`() throws {
    let deflater = try #require(Deflater(window: 15, forgets: true, level: 9))
    let zeros = [UInt8](repeating: 0, count: 50_000_000)
    let bomb = zeros.withUnsafeBytes { deflater.deflate($0) }
    #expect(bomb.count < 60_000)
    let inflater = try #require(Inflater(window: 15, forgets: true))
    #expect(throws: WebSocketFailure(.messageTooBig, "a message has at most 1000000 bytes")) {
      try inflater.inflate(bomb, limit: 1_000_000)
    }
  }

  @Test func `streams that end again and again are refused`() throws {
    let inflater = try #require(Inflater(window: 15, forgets: true))
    // 0x03 0x00 is an empty last block.
    let many = [[UInt8]](repeating: [0x03, 0x00], count: 1000).flatMap { $0 }
    #expect(throws: WebSocketFailure.self) { try inflater.inflate(many, limit: 100) }
  }

  // MARK: frames

  private func parse(_ frames: [UInt8]...) -> Outcome {
    let inflater = Inflater(window: 15, forgets: true)!
    var parser = MessageParser(.client, maxPayload: 100) {
      message, limit throws(WebSocketFailure) in try inflater.inflate(message, limit: limit)
    }
    var outcome = Outcome()
    do {
      for frame in frames { try parser.feed(frame) { outcome.events.append($0) } }
    } catch {
      outcome.failure = error.code
    }
    return outcome
  }

  @Test func `compressed messages come in one frame or in pieces, beside plain ones`() {
    let one = parse(hex("c1 07 f2 48 cd c9 c9 07 00"), hex("81 01 61"))
    #expect(one == Outcome(events: [.text("Hello"), .text("a")]))
    let pieces = parse(hex("41 03 f2 48 cd"), hex("89 00"), hex("80 04 c9 c9 07 00"))
    #expect(pieces == Outcome(events: [.ping([]), .text("Hello")]))
    let frame = FrameWriter.frame(.text, hex("f2 48 cd c9 c9 07 00"), isCompressed: true)
    #expect(frame == hex("c1 07 f2 48 cd c9 c9 07 00"))
  }

  @Test func `the bit is refused where it does not belong`() {
    #expect(parse(hex("41 03 f2 48 cd"), hex("c0 04 c9 c9 07 00")).failure == .protocolError)
    #expect(parse(hex("c9 00")).failure == .protocolError)
    #expect(parse(hex("a1 00")).failure == .protocolError)
    #expect(EggWebSocketTests.parse(hex("c1 00"), as: .client).failure == .protocolError)
  }

  @Test func `a compressed text is checked like others`() throws {
    let deflater = try #require(Deflater(window: 15, forgets: true))
    let broken = [0xFF as UInt8, 0xFE].withUnsafeBytes { deflater.deflate($0) }
    #expect(parse(FrameWriter.frame(.text, broken, isCompressed: true)).failure == .invalidPayload)
    let half = [0xC3 as UInt8].withUnsafeBytes { deflater.deflate($0) }
    #expect(parse(FrameWriter.frame(.text, half, isCompressed: true)).failure == .invalidPayload)
  }

  // MARK: the agreement

  private static let small: DeflateWishes = {
    var wishes = DeflateWishes()
    wishes.serverForgets = true
    wishes.clientForgets = true
    wishes.serverWindow = 10
    wishes.clientWindow = 11
    return wishes
  }()

  @Test(arguments: [
    ("permessage-deflate", "permessage-deflate"),
    // What browsers send.
    ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
    ("x-webkit-deflate-frame, permessage-deflate", "permessage-deflate"),
    (
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    ),
    (
      "permessage-deflate;server_max_window_bits=\"10\"",
      "permessage-deflate; server_max_window_bits=10"
    ),
    (
      "permessage-deflate; client_max_window_bits=9",
      "permessage-deflate; client_max_window_bits=9"
    ),
    // The first that cannot be met is passed over.
    (
      "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9",
      "permessage-deflate; server_max_window_bits=9"
    ),
  ])
  func `an offer is answered with what both can do`(_ offer: String, _ answer: String) {
    #expect(DeflateTerms.agree(on: offer, DeflateWishes())?.answer == answer)
  }

  @Test func `the server's own wishes go into the answer as far as the client can be told`() {
    let forgets = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    #expect(
      DeflateTerms.agree(on: "permessage-deflate", Self.small)?.answer
        == "\(forgets); server_max_window_bits=10")
    #expect(
      DeflateTerms.agree(on: "permessage-deflate; client_max_window_bits", Self.small)?.answer
        == "\(forgets); server_max_window_bits=10; client_max_window_bits=11")
  }

  @Test(arguments: [
    "", "permessage-bzip2", "permessage-deflate; what",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=09",
    "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
  ])
  func `an offer that is not understood is declined`(_ offer: String) {
    #expect(DeflateTerms.agree(on: offer, DeflateWishes()) == nil)
  }
}
