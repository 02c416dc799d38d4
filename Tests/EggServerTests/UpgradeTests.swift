import Foundation
import Testing

@Suite("Connections handed over") struct UpgradeTests {
  private let request =
    "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

  private func upgraded(_ server: ServerProcess, _ more: String = "") throws -> Client {
    let client = try server.connect()
    try client.send(request + more)
    let response = try client.response()
    #expect(response.status == 101)
    #expect(response["upgrade"] == "echo" && response["connection"] == "Upgrade")
    #expect(response["content-length"] == nil)
    return client
  }

  @Test func `bytes go both ways, also those sent right behind the request`() throws {
    let server = try ServerProcess()
    let client = try upgraded(server, "early")
    #expect(try client.bytes(5) == "early")
    let large = String(repeating: "0123456789", count: 20_000)
    try client.send(large)
    #expect(try client.bytes(large.utf8.count) == large)
    client.close()
    try server.waitForCounters(["opened": 1, "closed": 1, "reason": 1, "late": 0])
    try server.waitForFigures(["takeovers": 0, "connections": 0])
  }

  @Test func `what was sent before the peer ended its side is answered first`() throws {
    let server = try ServerProcess()
    let client = try upgraded(server)
    try client.send("last words")
    client.finishSending()
    #expect(try client.rest() == "last words")
    try server.waitForCounters(["closed": 1, "reason": 1])
  }

  @Test func `close sends what waits, closing now does not`() throws {
    let server = try ServerProcess()
    let polite = try upgraded(server)
    try polite.send("stop")
    #expect(try polite.rest() == "bye")
    let rude = try upgraded(server)
    try rude.send("drop")
    #expect(try rude.rest() == "")
    try server.waitForCounters(["opened": 2, "closed": 2, "reason": 0, "late": 0])
  }

  @Test func `a goodbye arrives although the client is still sending`() throws {
    let server = try ServerProcess()
    for _ in 0..<20 {
      let client = try upgraded(server)
      try client.send("stop")
      _ = client.sendSome([UInt8](repeating: 120, count: 100_000))
      #expect(try client.rest() == "bye")
    }
  }

  @Test func `a paused unit gets nothing until it goes on`() throws {
    let server = try ServerProcess()
    let client = try upgraded(server)
    try client.send("pause")
    #expect(try client.bytes(5) == "pause")
    try client.send("more")
    #expect(try client.bytes(4) == "more")
  }

  @Test func `shared bytes keep their place among others`() throws {
    let server = try ServerProcess()
    let client = try upgraded(server)
    let words: [Character: String] = [
      "s": "small,", "l": String(repeating: "L", count: 6000), "t": "text,",
    ]
    for plan in ["s", "ss", "st", "ts", "sl", "ls", "sts", "slstls", "l", "lts", "s"] {
      try client.send("share " + plan)
      let expected = plan.map { words[$0] ?? "" }.joined()
      #expect(try client.bytes(expected.utf8.count) == expected, "\(plan)")
    }
  }

  @Test func `a writer is told to wait, then refused, then told to go on`() throws {
    let server = try ServerProcess()
    let client = try Client(port: server.port, receiveBuffer: 8192)
    try client.send(request)
    _ = try client.response()
    try client.send("flood")
    usleep(100_000)
    #expect(try server.counters()["late"] == 0)
    let reader = Reader(client)
    try server.waitForCounters(["writable": 1])
    reader.stop()
    try server.waitForCounters(["closed": 1])
  }

  @Test func `a reader that stands still is dropped`() throws {
    let server = try ServerProcess(#"{"http": {"writeTimeout": 150}}"#)
    let client = try Client(port: server.port, receiveBuffer: 8192)
    try client.send(request)
    _ = try client.response()
    try client.send("flood")
    try server.waitForCounters(["closed": 1, "reason": 3])
  }

  @Test func `an upgrade with an unread body is refused`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    try client.send(
      "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\nContent-Length: 3\r\n\r\nabc"
    )
    #expect(try client.response().status == 400)
    try server.waitForCounters(["opened": 0, "closed": 1])
  }

  @Test func `a connection that was never handed over is closed for its taker`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    try client.send(
      "GET /upgrade-refused HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.response().status == 403)
    #expect(try client.response().text == "hello")
    try server.waitForCounters(["opened": 0, "closed": 1])
  }
}
