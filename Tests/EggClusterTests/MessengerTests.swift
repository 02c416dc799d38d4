import Foundation
import Testing

/// Messages between the processes of a tree.
@Suite("Messenger in a tree", .serialized) struct MessengerTests {
  @Test func `each way of sending reaches those that it names`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    let pids = try probe.workers()
    let first = try probe.client(of: pids[0])
    let second = try probe.client(of: pids[1])
    func count(_ client: Client, _ action: String) throws -> Int {
      (try client.get("/inbox").json["messages"] as? [[String: Any]] ?? [])
        .count { $0["action"] as? String == action }
    }
    func wait(_ what: String, _ wanted: [Int], _ action: String = "note") throws {
      _ = try probe.until(what) {
        try [count(first, action), count(second, action)] == wanted ? true : nil
      }
    }
    _ = try first.get("/send/app")
    try wait("sendToApp reaches both", [1, 1])
    _ = try first.get("/send/\(pids[1])")
    try wait("sendTo reaches the one", [1, 2])
    _ = try first.get("/send/agent")
    try wait("the agent answers to both", [1, 1], "hello")
    // Order is kept per pair, so what sendTo and sendToAgent sent has all arrived by now.
    try wait("nobody else has got anything", [1, 2])
    for _ in 0..<40 { _ = try first.get("/send/random") }
    _ = try probe.until("sendRandom reaches one of them each time") {
      try count(first, "note") + count(second, "note") == 43 ? true : nil
    }
    #expect(try count(first, "note") > 1)
    #expect(try count(second, "note") > 2)
    _ = try second.get("/send/broadcast")
    try probe.wait(for: "probe: agent got note", count: 2)
    #expect(probe.log.components(separatedBy: "probe: agent got its first note").count == 2, "once")
  }
}
