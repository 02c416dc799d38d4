import Foundation
import Synchronization
import Testing

/// Requests that are under way while processes come and go. `EGG_CLUSTER_SECONDS` lengthens the load.
@Suite("Under load", .serialized) struct LoadTests {
  private static let seconds =
    Double(ProcessInfo.processInfo.environment["EGG_CLUSTER_SECONDS"] ?? "") ?? 30

  /// A request without a good answer.
  private struct Loss: CustomStringConvertible {
    /// Of the worker that served the connection before; nil for a new connection.
    let worker: String?
    let description: String
  }

  /// Clients that ask over kept connections and open a new one only when told to by the server.
  private final class Load: @unchecked Sendable {
    private let stops = Atomic<Bool>(false)
    private let counts = Mutex<(answers: Int, losses: [Loss], pids: Set<String>)>((0, [], []))
    private let group = DispatchGroup()

    /// - Parameters:
    ///   - pause: microseconds between an answer and the next request of a client.
    ///   - keeps: false for a new connection for every request.
    init(_ port: UInt16, clients: Int, pause: UInt32 = 0, keeps: Bool = true) {
      for _ in 0..<clients {
        let thread = Thread { [self] in
          run(port, pause, keeps ? "" : "Connection: close\r\n")
          group.leave()
        }
        group.enter()
        thread.start()
      }
    }

    private func run(_ port: UInt16, _ pause: UInt32, _ headers: String) {
      var client: Client?
      var worker: String?
      while !stops.load(ordering: .relaxed) {
        do {
          let own = try client ?? Client(port: port)
          let answer = try own.get("/pid", headers)
          client = answer.closes ? nil : own
          worker = answer.closes ? nil : answer.body
          counts.withLock {
            $0.answers += 1
            $0.pids.insert(answer.body)
            if answer.status != 200 {
              $0.losses.append(Loss(worker: answer.body, description: "status \(answer.status)"))
            }
          }
        } catch {
          counts.withLock { $0.losses.append(Loss(worker: worker, description: "\(error)")) }
          client = nil
          worker = nil
        }
        if pause > 0 { usleep(pause) }
      }
    }

    var answers: Int { counts.withLock { $0.answers } }

    func end() -> (answers: Int, losses: [Loss], pids: Set<String>) {
      stops.store(true, ordering: .relaxed)
      group.wait()
      return counts.withLock { $0 }
    }
  }

  @Test(arguments: [[], ["--sticky"]])
  func `reloads lose no request of kept connections`(words: [String]) throws {
    let probe = try ProbeApplication(["--workers", "2"] + words)
    let load = Load(probe.port, clients: 8)
    for _ in 0..<3 {
      let reload = try probe.command("reload")
      #expect(reload.status == 0, "\(reload.output)")
    }
    let so = load.answers
    _ = try probe.until("more answers") { load.answers > so + 100 ? true : nil }
    let result = load.end()
    #expect(result.losses.isEmpty, "\(result.losses.prefix(3))\n\(probe.log.suffix(2000))")
    // All clients have one address, so with `--sticky` they have one worker at a time.
    #expect(result.pids.count >= (words.isEmpty ? 4 : 2), "old and new workers have answered")
  }

  @Test func `a slow request survives the reload and its worker ends afterwards`() throws {
    let probe = try ProbeApplication(
      ["--workers", "1"], config: #"{"cluster": {"idleGrace": 300}}"#)
    let client = try Client(port: probe.port)
    try client.send("/slow/3000")
    _ = try probe.until("the request runs") {
      try probe.processes().contains { ($0["active"] as? Int ?? 0) > 0 } ? true : nil
    }
    #expect(try probe.command("reload").status == 0)
    let answer = try client.answer("/slow/3000")
    #expect(answer.body == "slept")
    #expect(answer.closes)
    try probe.wait(for: "has ended")
  }

  @Test func `an idle kept connection is answered once more after a reload`() throws {
    let probe = try ProbeApplication(
      ["--workers", "1"], config: #"{"cluster": {"idleGrace": 60000}}"#)
    let client = try Client(port: probe.port)
    let before = try client.get("/pid")
    #expect(!before.closes)
    #expect(try probe.command("reload").status == 0)
    try probe.wait(for: "closing: ")
    let after = try client.get("/pid")
    #expect(after.body == before.body)
    #expect(after.closes)
    #expect(try probe.get("/pid").body != before.body)
  }

  @Test func `a new connection is served whatever a reload does in that moment`() throws {
    let probe = try ProbeApplication(
      ["--workers", "1"], config: #"{"cluster": {"idleGrace": 100}}"#)
    // One after the other: no other connection wakes a process for one that was left waiting.
    let load = Load(probe.port, clients: 1, keeps: false)
    for _ in 0..<10 {
      // A process with more connections than the others leaves new ones to them for a moment.
      let kept = try (0..<4).map { _ in try Client(port: probe.port) }
      for client in kept { _ = try client.get("/pid") }
      #expect(try probe.command("reload").status == 0)
      let so = load.answers
      _ = try probe.until("more answers", seconds: 30) { load.answers > so + 1 ? true : nil }
    }
    let result = load.end()
    #expect(result.losses.isEmpty, "\(result.losses.prefix(3))")
    #expect(result.answers > 100)
  }

  @Test func `processes that are killed at random lose their own requests alone`() throws {
    let probe = try ProbeApplication(
      ["--workers", "2"], config: #"{"cluster": {"reforkLimit": 1000000}}"#)
    let load = Load(probe.port, clients: 6, pause: 2000)
    let end = Date(timeIntervalSinceNow: Self.seconds)
    var killed: Set<String> = []
    while Date() < end {
      usleep(UInt32.random(in: 20_000...600_000))
      let agent = Int.random(in: 0..<8) == 0 ? try probe.agent() : nil
      guard let victim = try agent ?? probe.workers().randomElement() else { continue }
      kill(victim, SIGKILL)
      if victim != agent { killed.insert("\(victim)") }
      try probe.wait(for: "(pid \(victim)) ended with signal SIGKILL")
    }
    _ = try probe.until("all processes") {
      try probe.workers().count == 2 && probe.agent() != nil ? true : nil
    }
    let result = load.end()
    #expect(killed.count > 1)
    // One request of each client is under way, and may be lost with the worker that has it.
    #expect(result.losses.count <= killed.count * 6, "\(result.losses.prefix(3))")
    let others = result.losses.filter { $0.worker.map { !killed.contains($0) } == true }
    #expect(others.isEmpty, "of workers that nobody killed: \(others.prefix(3))")
    #expect(
      !result.losses.contains { $0.description.contains("connect") }, "somebody always listens")
    #expect(result.answers > 50)
    #expect(probe.end().status == 0)
  }

  @Test func `messages of two processes keep their order, whatever their size`() throws {
    let probe = try ProbeApplication(["--workers", "1"])
    for (count, size) in [(2000, 10), (20, 2_000_000)] {
      let answer = try probe.get("/many/\(count)/\(size)").json
      #expect(answer["received"] as? Int == count)
      #expect(answer["faults"] as? Int == 0)
      if size > 1 << 20 { #expect((answer["waits"] as? Int ?? 0) > 0, "sending was to wait") }
    }
  }

  @Test func `broadcast reaches every application process and the agent`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    _ = try probe.get("/send/broadcast")
    try probe.wait(for: "probe: agent got note")
    var seen: Set<Int> = []
    // Kept open, so that the next one goes to the other worker.
    var clients: [Client] = []
    _ = try probe.until("both workers have it") { () -> Bool? in
      let client = try Client(port: probe.port)
      clients.append(client)
      let answer = try client.get("/inbox").json
      let actions = (answer["messages"] as? [[String: Any]] ?? []).map { $0["action"] as? String }
      if actions.contains("note"), actions.contains("hello") {
        seen.insert(answer["pid"] as? Int ?? 0)
      }
      return seen.count == 2 ? true : nil
    }
  }
}

@Suite("Sticky") struct StickyTests {
  @Test func `the same address gets the same worker, others get others`() throws {
    let probe = try ProbeApplication(["--workers", "3", "--sticky"])
    var workers: Set<String> = []
    for number in 1...12 {
      let pids = try (0..<3).map { _ in
        try Client(port: probe.port, from: "127.0.0.\(number)").get("/pid").body
      }
      #expect(Set(pids).count == 1)
      workers.insert(pids[0])
    }
    #expect(workers.count == 3)
  }

  @Test func `behind a proxy the forwarded address counts`() throws {
    let probe = try ProbeApplication(["--workers", "3", "--sticky"], config: #"{"proxy": true}"#)
    var workers: Set<String> = []
    for number in 1...12 {
      let header = "X-Forwarded-For: 203.0.113.\(number), 10.0.0.1\r\n"
      let pids = try (0..<3).map { _ in try Client(port: probe.port).get("/pid", header).body }
      #expect(Set(pids).count == 1)
      workers.insert(pids[0])
    }
    #expect(workers.count == 3)
  }

  @Test func `a client that sends its head in pieces is passed on whole`() throws {
    let probe = try ProbeApplication(["--workers", "2", "--sticky"], config: #"{"proxy": true}"#)
    let client = try Client(port: probe.port)
    try client.sendRaw("GET /pid HT")
    usleep(200_000)
    try client.sendRaw("TP/1.1\r\nHost: probe.test\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
    let first = try client.answer("/pid").body
    let header = "X-Forwarded-For: 203.0.113.9\r\n"
    #expect(try Client(port: probe.port).get("/pid", header).body == first)
  }
}

@Suite("Health") struct HealthTests {
  @Test func `live and ready answer, and a unit's check counts`() throws {
    let probe = try ProbeApplication(["--single"])
    #expect(try probe.get("/-/live").status == 200)
    #expect(try probe.get("/-/ready").body == "ready\n")
    _ = try probe.get("/not-ready")
    let answer = try probe.get("/-/ready")
    #expect(answer.status == 503)
    #expect(answer.body == "not ready: probe\n")
    #expect(try probe.get("/-/live").status == 200)
    #expect(try probe.get("/-/other").status == 404)
  }

  @Test func `metrics count requests of every worker`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    for _ in 0..<10 { _ = try probe.get("/pid") }
    _ = try probe.get("/nowhere")
    let text = try probe.get("/-/metrics").body
    let sum = { (part: String) in
      text.split(separator: "\n").filter { $0.contains(part) && !$0.hasPrefix("#") }
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
    #expect(sum("status=\"2xx\"") >= 10)
    #expect(sum("status=\"4xx\"") == 1)
    #expect(sum("le=\"+Inf\"") >= 11)
    #expect(text.contains("worker=\"2\""))
  }

  @Test func `metrics are not for the public, and health can be switched off`() throws {
    let open = try ProbeApplication(["--single"])
    #expect(try open.get("/-/metrics", "X-Forwarded-For: 203.0.113.9\r\n").status == 404)
    let closed = try ProbeApplication(["--single"], config: #"{"health": {"enable": false}}"#)
    #expect(try closed.get("/-/live").status == 404)
  }

  @Test func `a valid traceparent is continued and a wrong one replaced`() throws {
    let probe = try ProbeApplication(["--single"])
    let trace = "0af7651916cd43dd8448eb211c80319c"
    let continued = try probe.get(
      "/trace", "traceparent: 00-\(trace)-b7ad6b7169203331-01\r\n"
    ).json
    #expect(continued["id"] as? String == trace)
    let parent = continued["parent"] as? String ?? ""
    #expect(parent.hasPrefix("00-\(trace)-"))
    #expect(parent.hasSuffix("-01"))
    #expect(!parent.contains("b7ad6b7169203331"), "the span is this request's own")
    for wrong in [
      "00-00000000000000000000000000000000-b7ad6b7169203331-01",
      "00-\(trace)-0000000000000000-01", "ff-\(trace)-b7ad6b7169203331-01",
      "00-\(trace.uppercased())-b7ad6b7169203331-01", "00-\(trace)-b7ad6b7169203331-01-more",
    ] {
      let id = try probe.get("/trace", "traceparent: \(wrong)\r\n").json["id"] as? String ?? ""
      #expect(id.count == 32 && id != trace && !id.hasPrefix("00000000000000000000"))
    }
  }
}
