import Foundation
import Testing

/// One process that is worker and agent: messages go between its two sides.
@Suite("Messenger in one process") struct SingleMessengerTests {
  /// How many `note` (to the application) and `hello` (from the agent, after a note) arrived.
  private func actions(after target: String) throws -> [Int] {
    let probe = try ProbeApplication(["--single"])
    _ = try probe.get(target)
    // Messages keep their order, so what was sent before has arrived when this has been echoed.
    _ = try probe.get("/many/1/1")
    let actions = try probe.inbox().map(\.action)
    return [actions.count { $0 == "note" }, actions.count { $0 == "hello" }]
  }

  @Test func `broadcast reaches both sides`() throws {
    #expect(try actions(after: "/send/broadcast") == [1, 1])
  }

  @Test func `sendToApp reaches the application alone`() throws {
    #expect(try actions(after: "/send/app") == [1, 0])
  }

  @Test func `sendToAgent reaches the agent alone`() throws {
    #expect(try actions(after: "/send/agent") == [0, 1])
  }

  @Test func `sendTo reaches nobody where the process is another one`() throws {
    #expect(try actions(after: "/send/1") == [0, 0])
  }

  @Test func `the whole value arrives`() throws {
    let probe = try ProbeApplication(["--single"])
    let pid = try #require(Int(try probe.get("/pid").body))
    _ = try probe.get("/send/random")
    let note = try probe.until("note") { try probe.inbox().first { $0.action == "note" } }
    let data = try #require(note.data as? [String: Any])
    #expect(data["from"] as? Int == pid)
    #expect(data["text"] as? String == "hällo")
  }

  @Test func `both sides hear egg-ready with the address`() throws {
    let probe = try ProbeApplication(["--single"])
    try probe.wait(for: "probe: agent got egg-ready")
    let ready = try #require(try probe.inbox().first { $0.action == "egg-ready" })
    let data = try #require(ready.data as? [String: Any])
    #expect(data["port"] as? Int == Int(probe.port))
    #expect(data["address"] as? String == "http://127.0.0.1:\(probe.port)")
    #expect(data["protocol"] as? String == "http")
  }

  @Test func `thousands of messages keep their order`() throws {
    let probe = try ProbeApplication(["--single"])
    let answer = try probe.get("/many/2000/100").json
    #expect(answer["received"] as? Int == 2000)
    #expect(answer["faults"] as? Int == 0)
  }
}
