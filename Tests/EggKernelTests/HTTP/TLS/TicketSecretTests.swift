import Testing

@testable import EggKernel

@Suite("Session tickets") struct TicketSecretTests {
  private let period = TicketSecret.period

  @Test func `processes that start at different times have the same secret`() throws {
    var master = TicketSecret(bytes: [UInt8](repeating: 7, count: 32), since: 1000)
    var early = try #require(TicketSecret(master.json))
    master.advance(to: 1000 + 2 * period + 5)
    var late = try #require(TicketSecret(master.json))
    let now = 1000 + 5 * period
    early.advance(to: now)
    late.advance(to: now)
    #expect(early.bytes == late.bytes && early.since == late.since)
    #expect(early.since == now)
  }

  @Test func `the secret of one period does not tell that of another`() throws {
    var secret = TicketSecret()
    let first = secret
    #expect(secret.advance(to: first.since + period - 1) == nil)
    #expect(secret.bytes == first.bytes)
    let last = secret.advance(to: first.since + period)
    #expect(last?.bytes == first.bytes)
    #expect(secret.bytes != first.bytes)
    #expect(TicketSecret().bytes != TicketSecret().bytes)
    #expect(secret.hash("a") != secret.hash("b"))
  }

  @Test(
    arguments: [
      nil, .null, ["secret": "abc", "since": 1],
      ["secret": .string(String(repeating: "g", count: 64)), "since": 1],
      ["secret": .string(String(repeating: "0", count: 64))],
    ] as [ConfigValue?])
  func `what is no secret is none`(value: ConfigValue?) {
    #expect(TicketSecret(value) == nil)
  }
}
