import EggWebSocket
import Foundation
import Testing

/// A WebSocket client on a raw connection.
final class Client {
  private let connection: Connection
  private var parser = MessageParser(.client, maxPayload: 1 << 24)
  private var events: [MessageParser.Event] = []
  let answer: Answer
  private(set) var pings = 0

  static let fields = [
    "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  ]

  init(_ seed: Serving, _ path: String, _ more: [String: String] = [:]) throws {
    connection = try Connection(port: seed.port)
    var head = "GET \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in Client.fields.merging(more, uniquingKeysWith: { $1 }) {
      head += "\(name): \(value)\r\n"
    }
    try connection.write(Array((head + "\r\n").utf8))
    var bytes: [UInt8] = []
    let end = Data("\r\n\r\n".utf8)
    while Data(bytes).range(of: end) == nil {
      let piece = try connection.read()
      if piece.isEmpty { throw Failure("closed without an answer") }
      bytes += piece
    }
    answer = try Answer(bytes)
    if answer.status == 101 { try take(answer.bytes) }
  }

  func send(_ text: String) throws { try connection.write(FrameWriter.text(text, mask: .random())) }
  func send(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) throws {
    try write(FrameWriter.frame(opcode, payload, isFinal: isFinal, mask: .random()))
  }
  func write(_ bytes: [UInt8]) throws { try connection.write(bytes) }

  private func take(_ bytes: [UInt8]) throws {
    try parser.feed(bytes) { events.append($0) }
  }

  /// The next event that is no ping; nil at the end of the connection.
  func next(answersPings: Bool = true) throws -> MessageParser.Event? {
    while true {
      while !events.isEmpty {
        let event = events.removeFirst()
        guard case .ping(let payload) = event else { return event }
        pings += 1
        if answersPings { try send(.pong, payload) }
      }
      let piece = try connection.read()
      if piece.isEmpty { return nil }
      try take(piece)
    }
  }

  /// The server has closed the connection.
  func isAtEnd() throws -> Bool { try next() == nil }
}

@Suite("WebSocket controllers") struct WebSocketTests {
  let seed: Serving

  init() throws { seed = try Serving.shared.get() }

  @Test func `text and bytes come back, however they are sent`() throws {
    let client = try Client(seed, "/echo/den")
    #expect(client.answer.status == 101)
    #expect(client.answer["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    try client.send("Grüße")
    #expect(try client.next() == .text("Grüße"))
    try client.send(.binary, [0, 255])
    #expect(try client.next() == .binary([0, 255]))
    try client.send(.text, Array("in ".utf8), isFinal: false)
    try client.send(.ping, [1])
    try client.send(.continuation, Array("pieces".utf8))
    #expect(try client.next() == .pong([1]))
    #expect(try client.next() == .text("in pieces"))
    for byte in FrameWriter.text("slowly", mask: .random()) { try client.write([byte]) }
    #expect(try client.next() == .text("slowly"))
  }

  @Test func `the context has parameters, query, services and what accept has kept`() throws {
    let client = try Client(
      seed, "/echo/den?greet=1", ["Sec-WebSocket-Protocol": "other, echo, echo.v2"])
    #expect(client.answer["sec-websocket-protocol"] == "echo")
    #expect(try client.next() == .text("welcome ada to den as echo"))
    try client.send("service")
    #expect(try client.next() == .text(#"{"user":{"asked":1,"id":7,"name":"user 7"}}"#))
    try client.send("service")
    #expect(try client.next() == .text(#"{"user":{"asked":2,"id":7,"name":"user 7"}}"#))
  }

  @Test func `messages wait for their turn`() throws {
    let client = try Client(seed, "/echo/a")
    for text in ["slow", "second", "third"] { try client.send(text) }
    #expect(try client.next() == .text("slept"))
    #expect(try client.next() == .text("second"))
    #expect(try client.next() == .text("third"))
  }

  @Test func `a request that is no handshake is refused`() throws {
    let plain = try seed.get("/echo/a")
    #expect(plain.status == 426)
    #expect(plain["upgrade"] == "websocket")
    let old = try Client(seed, "/echo/a", ["Sec-WebSocket-Version": "8"])
    #expect((old.answer.status, old.answer["sec-websocket-version"]) == (426, "13"))
    #expect(try Client(seed, "/echo/a", ["Sec-WebSocket-Key": "short"]).answer.status == 400)
    #expect(try Client(seed, "/echo/a", ["Origin": "http://evil.example"]).answer.status == 403)
    #expect(try Client(seed, "/echo/a", ["Origin": "http://localhost"]).answer.status == 101)
    #expect(try Client(seed, "/echo/a?refuse=1").answer.status == 401)
  }

  @Test func `either side can say goodbye`() throws {
    let seed = try Serving()
    let leaving = try Client(seed, "/echo/a")
    try leaving.send(.close, [0x03, 0xE9] + Array("gone".utf8))
    #expect(try leaving.next() == .close(.goingAway, reason: ""))
    #expect(try leaving.isAtEnd())
    #expect(
      try seed.cached("socket.end", until: { $0.contains("gone") })
        == #"{"code":1001,"reason":"gone"}"#)

    let left = try Client(seed, "/echo/a")
    try left.send("bye")
    #expect(try left.next() == .close(CloseCode(4000), reason: "as you wish"))
    try left.send(.close, [0x0F, 0xA0])
    #expect(try left.isAtEnd())
    #expect(try seed.cached("socket.end", until: { $0.contains("4000") }).contains("4000"))

    var cut: Client? = try Client(seed, "/echo/a")
    #expect(cut?.answer.status == 101)
    cut = nil
    #expect(
      try seed.cached("socket.end", until: { $0.contains("1006") }) == #"{"code":1006,"reason":""}"#
    )
  }

  /// `config.websocket.closeTimeout` of the fixture is 300 ms.
  @Test func `who does not answer a close frame is cut off`() throws {
    let client = try Client(seed, "/echo/a")
    try client.send("bye")
    #expect(try client.next() == .close(CloseCode(4000), reason: "as you wish"))
    #expect(try client.isAtEnd())
  }

  @Test func `errors of the controller have codes`() throws {
    let trapped = try Client(seed, "/echo/a")
    try trapped.send("trap")
    #expect(try trapped.next() == .close(.internalError, reason: ""))
    let denied = try Client(seed, "/echo/a")
    try denied.send("deny")
    #expect(try denied.next() == .close(.policyViolation, reason: "not allowed"))
    let texts = try Client(seed, "/texts")
    try texts.send(.binary, [1])
    guard case .close(.unsupportedData, _)? = try texts.next() else {
      Issue.record("a message that nobody reads was taken")
      return
    }
  }

  @Test func `errors of the client have codes`() throws {
    let tooBig = try Client(seed, "/echo/a")
    try tooBig.send(.binary, [UInt8](repeating: 0, count: 65537))
    guard case .close(.messageTooBig, _)? = try tooBig.next() else {
      Issue.record("65537 bytes were taken")
      return
    }
    let unmasked = try Client(seed, "/echo/a")
    try unmasked.write(FrameWriter.text("bare"))
    guard case .close(.protocolError, _)? = try unmasked.next() else {
      Issue.record("a frame without a mask was taken")
      return
    }
    #expect(try unmasked.isAtEnd())
    let noText = try Client(seed, "/echo/a")
    try noText.send(.text, [0xFF])
    guard case .close(.invalidPayload, _)? = try noText.next() else {
      Issue.record("a text that is none was taken")
      return
    }
  }

  @Test func `send waits for a slow client and nothing is lost`() throws {
    let seed = try Serving()
    let client = try Client(seed, "/echo/a")
    try client.send("flood")
    // Eight megabytes are more than all buffers take before anybody reads.
    #expect(try seed.cached("socket.flooded") == "")
    var bytes = 0
    while case .binary(let piece)? = try client.next() { bytes += piece.count }
    #expect(bytes == 64 * 128 << 10)
    #expect(try seed.cached("socket.flooded", until: { $0 == "true" }) == "true")
  }

  /// `config.websocket.pingInterval` of the fixture is 400 ms.
  @Test func `silence is broken by pings, and who does not answer is dropped`() throws {
    let client = try Client(seed, "/echo/a")
    let end = try client.next(answersPings: false)
    #expect(end == nil)
    #expect(client.pings == 1)
  }

  @Test func `an option that makes no sense stops the start`() throws {
    let seed = try Serving(env: "badsocket", waits: false)
    let (status, log) = seed.finish()
    #expect(status == 1)
    #expect(log.contains("config.websocket: maxPayload: expected a number from 1 on"), "\(log)")
  }

  @Test func `the end of the server is said to everybody`() throws {
    let seed = try Serving()
    let client = try Client(seed, "/echo/a")
    let status = seed.end().status
    #expect(try client.next() == .close(.goingAway, reason: "the server ends"))
    #expect(status == 0)
  }

  /// A client that we have not written: `pip install websockets`.
  @Test(.enabled(if: Python.hasWebsockets, "python3 has no module websockets"))
  func `the client of another project agrees`() throws {
    let script = """
      import asyncio, websockets
      async def main():
          async with websockets.connect("ws://127.0.0.1:\(seed.port)/echo/den") as socket:
              for text in ["", "Grüße", "x" * 60000]:
                  await socket.send(text)
                  assert await socket.recv() == text
              await socket.send([b"in ", b"pieces"])
              assert await socket.recv() == b"in pieces"
              await (await socket.ping())
              await socket.send("bye")
              try:
                  await socket.recv()
              except websockets.ConnectionClosed as end:
                  assert (end.rcvd.code, end.rcvd.reason) == (4000, "as you wish")
                  print("agreed")
      asyncio.run(main())
      """
    #expect(try Built.run("/usr/bin/env", ["python3", "-c", script]) == "agreed\n")
  }
}

private enum Python {
  static let hasWebsockets =
    (try? Built.run("/usr/bin/env", ["python3", "-c", "import websockets"])) != nil
}
