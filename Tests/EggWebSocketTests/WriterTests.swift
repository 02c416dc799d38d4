import Testing

@testable import EggWebSocket

@Suite("Writing frames") struct WriterTests {
  @Test func `lengths are written in the fewest bytes`() {
    #expect(FrameWriter.text("hi") == hex("81 02 68 69"))
    #expect(
      Array(FrameWriter.frame(.binary, [UInt8](repeating: 0, count: 125)).prefix(2)) == hex("82 7d")
    )
    #expect(
      Array(FrameWriter.frame(.binary, [UInt8](repeating: 0, count: 256)).prefix(4))
        == hex("82 7e 01 00"))
    #expect(
      Array(FrameWriter.frame(.binary, [UInt8](repeating: 0, count: 65536)).prefix(10))
        == hex("82 7f 00 00 00 00 00 01 00 00"))
  }

  @Test func `a mask is applied`() {
    #expect(masked(.text, bytes("Hello")) == hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"))
  }

  @Test func `a mask means the same wherever the payload is cut`() {
    let mask = Mask(1, 2, 3, 4)
    let clear = (0..<37).map { UInt8($0) }
    let expected = clear.enumerated().map { $1 ^ [1, 2, 3, 4][$0 % 4] }
    for cut in 0...clear.count {
      var first = Array(clear[..<cut])
      var second = Array(clear[cut...])
      first.withUnsafeMutableBytes { mask.apply(to: $0, offset: 0) }
      second.withUnsafeMutableBytes { mask.apply(to: $0, offset: cut) }
      #expect(first + second == expected, "cut at \(cut)")
    }
  }

  @Test func `a close frame has a code and a reason`() {
    #expect(FrameWriter.close(.normal, reason: "ok") == hex("88 04 03 e8 6f 6b"))
    #expect(FrameWriter.close() == hex("88 00"))
    #expect(FrameWriter.close(.abnormal, reason: "never") == hex("88 00"))
  }

  @Test func `a long reason is cut between characters`() {
    let frame = FrameWriter.close(.normal, reason: String(repeating: "é", count: 100))
    #expect(frame.count == 2 + 2 + 122)
    let reason = String(repeating: "é", count: 61)
    #expect(parse(frame, as: .client).events == [.close(.normal, reason: reason)])
  }
}

@Suite("Handshake") struct HandshakeTests {
  private func request() -> Handshake {
    var request = Handshake()
    request.host = "example.com:7001"
    request.upgrade = "websocket"
    request.connection = "keep-alive, Upgrade"
    request.version = "13"
    request.key = "dGhlIHNhbXBsZSBub25jZQ=="
    return request
  }

  private func status(_ change: (inout Handshake) -> Void) -> Int {
    var request = request()
    change(&request)
    guard case .refused(let status, _, _) = request.answer() else { return 101 }
    return status
  }

  /// RFC 6455 §1.3.
  @Test func `the key of the RFC gives its accept`() {
    #expect(Handshake.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  /// FIPS 180-4, examples.
  @Test func `SHA-1 is SHA-1`() {
    #expect(
      sha1(bytes("abc")) == hex("a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d"))
    #expect(
      sha1(bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
        == hex("84 98 3e 44 1c 3b d2 6e ba ae 4a a1 f9 51 29 e5 e5 46 70 f1"))
    #expect(sha1([]) == hex("da 39 a3 ee 5e 6b 4b 0d 32 55 bf ef 95 60 18 90 af d8 07 09"))
  }

  @Test func `a handshake is agreed to`() {
    let expected: [Handshake.Field] = [
      .init("Upgrade", "websocket"), .init("Connection", "Upgrade"),
      .init("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ]
    #expect(request().answer() == .agreed(fields: expected))
  }

  @Test func `what is no handshake is answered with 426`() {
    #expect(status { $0.upgrade = "" } == 426)
    #expect(status { $0.upgrade = "h2c" } == 426)
    #expect(status { $0.connection = "keep-alive" } == 426)
    #expect(status { $0.method = "POST" } == 426)
    #expect(status { $0.httpVersion = 10 } == 426)
    #expect(status { $0.version = "8" } == 426)
    #expect(status { $0.version = "" } == 426)
  }

  @Test(arguments: [
    "", "short", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZQAA",
  ])
  func `a wrong key is answered with 400`(key: String) {
    #expect(status { $0.key = key } == 400)
  }

  @Test func `pages of other hosts are refused unless they are named`() {
    #expect(status { $0.origin = "http://example.com:7001" } == 101)
    #expect(status { $0.origin = "https://EXAMPLE.com:7001" } == 101)
    #expect(status { $0.origin = "http://evil.example" } == 403)
    #expect(status { $0.origin = "null" } == 403)
    var request = request()
    request.origin = "https://app.example"
    guard case .agreed = request.answer(origins: ["https://app.example"]) else {
      Issue.record("a named origin was refused")
      return
    }
    guard case .agreed = request.answer(origins: ["*"]) else {
      Issue.record("any origin was refused")
      return
    }
  }

  @Test func `a subprotocol is chosen from those that are offered`() {
    var request = request()
    request.protocols = "chat, superchat"
    var offered: [String] = []
    let answer = request.answer {
      offered = $0
      return "superchat"
    }
    #expect(offered == ["chat", "superchat"])
    guard case .agreed(let fields) = answer else { return }
    #expect(fields.last == .init("Sec-WebSocket-Protocol", "superchat"))
    guard case .agreed(let others) = request.answer(choose: { _ in "other" }) else { return }
    #expect(!others.contains { $0.name == "Sec-WebSocket-Protocol" })
  }
}
