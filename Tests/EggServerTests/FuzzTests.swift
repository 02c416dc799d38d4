import Foundation
import Testing

/// `EGG_FUZZ_SECONDS` makes them go on for longer, `EGG_FUZZ_SEED` adds to their seeds.
@Suite("Random clients") struct FuzzTests {
  private static func setting(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  /// A small generator with a seed, so that a failure can be repeated.
  struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  private static let valid = [
    "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /some HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /abandon HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /parsed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
    "POST /parsed HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\na[b]=1&c=%2",
    "GET /later/1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /onion HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /stream/3/700 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /payload/9000 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /failure HTTP/1.1\r\nHost: a\r\n\r\n", "GET /invoke/slowly HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /stream-too-much HTTP/1.1\r\nHost: a\r\n\r\n", "GET /object HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nabc",
    "POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
  ]

  @Test(arguments: [UInt64(1), 2, 3])
  func `whatever clients send in whatever pieces, the server answers the next one`(seed: UInt64)
    throws
  {
    let server = try ServerProcess()
    let seed = seed &+ UInt64(FuzzTests.setting("EGG_FUZZ_SEED") ?? 0)
    var dice = Dice(state: seed &* 0x9E37_79B9_7F4A_7C15)
    let end = Date().addingTimeInterval(TimeInterval(FuzzTests.setting("EGG_FUZZ_SECONDS") ?? 2))
    var rounds = 0
    while Date() < end {
      rounds += 1
      let client = try server.connect()
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...6, using: &dice) {
        bytes += Array(FuzzTests.valid.randomElement(using: &dice)!.utf8)
      }
      for _ in 0..<[0, 0, 1, 3].randomElement(using: &dice)! {
        let at = Int.random(in: 0..<bytes.count, using: &dice)
        switch Int.random(in: 0..<3, using: &dice) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &dice)
        case 1: bytes.remove(at: at)
        default:
          bytes.insert(contentsOf: [13, 10, 58, 0, 32].shuffled(using: &dice).prefix(2), at: at)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      var at = 0
      while at < bytes.count {
        let count = min(bytes.count - at, Int.random(in: 1...200, using: &dice))
        // The server may have closed by now.
        guard client.sendSome(Array(bytes[at..<at + count])) > 0 else { break }
        at += count
        if Bool.random(using: &dice) { usleep(100) }
      }
      switch Int.random(in: 0..<4, using: &dice) {
      case 0: client.reset()
      case 1: client.close()
      default:
        client.finishSending()
        _ = try client.rest()
      }
    }
    #expect(rounds > 20)
    #expect(try server.get("/hello").text == "hello")
    try server.waitForFigures([
      "connections": 0, "active": 0, "held": 0, "streams": 0, "takeovers": 0,
    ])
    let counters = try server.counters()
    #expect(
      counters["late"] == 0 && counters["opened"] == counters["closed"] && counters["objects"] == 0)
  }
}
