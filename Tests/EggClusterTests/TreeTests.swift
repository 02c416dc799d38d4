import Foundation
import Testing

/// Master, agent and workers as real processes.
@Suite("Process tree", .serialized) struct TreeTests {
  @Test func `agent first, then the workers, then everybody hears egg-ready`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    try probe.wait(for: "probe: server is ready", count: 2)
    try probe.wait(for: "probe: agent is ready")
    let log = probe.log
    let agent = try #require(log.range(of: "agent started (pid"))
    let worker = try #require(log.range(of: "worker 1 started (pid"))
    let ready = try #require(log.range(of: "cluster-probe started on http://127.0.0.1:"))
    #expect(agent.lowerBound < worker.lowerBound)
    #expect(worker.lowerBound < ready.lowerBound)
    let heard = try probe.until("egg-ready") {
      try probe.inbox().first { $0.action == "egg-ready" }?.data as? [String: Any]
    }
    #expect(heard["port"] as? Int == Int(probe.port))
    #expect(probe.end().status == 0)
  }

  @Test func `one worker of four that fails to start fails the whole start`() throws {
    let probe = try ProbeApplication(
      ["--workers", "4"], variables: ["PROBE_FAIL": "2"], waits: false)
    let (status, log) = probe.finish()
    #expect(status == 1)
    #expect(log.contains("worker 2 could not start: EGG_LIFECYCLE"))
    #expect(log.contains("error: EGG_LIFECYCLE cluster-probe: didLoad: told to fail"))
  }

  @Test func `a killed worker is replaced and the agent hears the new list`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    try probe.wait(for: "probe: agent got pids")
    let victim = try #require(Int32(try probe.get("/pid").body))
    kill(victim, SIGKILL)
    let line = try probe.wait(for: "AppWorkerDiedError")
    #expect(line.contains("(pid \(victim)) ended with signal SIGKILL"))
    let pids = try probe.until("two workers") { () -> [Int]? in
      let pids = try probe.processes().filter { $0["role"] as? String == "worker" }
        .filter { $0["state"] as? String == "ready" }.compactMap { $0["pid"] as? Int }
      return pids.count == 2 ? pids : nil
    }
    #expect(!pids.contains(Int(victim)))
    _ = try probe.until("the agent's list") {
      probe.log.contains("got pids [\(pids[0]),\(pids[1])]")
        || probe.log.contains("got pids [\(pids[1]),\(pids[0])]") ? true : nil
    }
    #expect(probe.end().status == 0)
  }

  @Test func `a killed worker stays away in the environment local`() throws {
    let probe = try ProbeApplication(["--workers", "2"], env: "local")
    let victim = try #require(Int32(try probe.get("/pid").body))
    kill(victim, SIGKILL)
    try probe.wait(for: "is not started again in env local")
    #expect(try probe.get("/pid").body != "\(victim)")
  }

  @Test func `workers that die too often are not started any more, and the end is told`() throws {
    let probe = try ProbeApplication(
      ["--workers", "1"], config: #"{"cluster": {"reforkLimit": 3}}"#)
    for _ in 0..<4 {
      let victim = try probe.until("a worker") { () -> Int32? in
        guard probe.isRunning else { return nil }
        return (try? probe.processes())?.first {
          $0["role"] as? String == "worker" && $0["state"] as? String == "ready"
        }.flatMap { $0["pid"] as? Int }.map { Int32($0) }
      }
      kill(victim, SIGKILL)
      _ = try probe.until("its death") { probe.log.contains("(pid \(victim)) ended") ? true : nil }
    }
    let (code, log) = probe.finish()
    #expect(code == 1)
    #expect(log.contains("3 workers died within 60000 ms"))
  }

  @Test func `workers serve on while the agent is away for a second`() throws {
    let probe = try ProbeApplication(["--workers", "1"])
    let agent = try #require(
      try probe.processes().first { $0["role"] as? String == "agent" }?["pid"] as? Int)
    kill(Int32(agent), SIGKILL)
    try probe.wait(for: "AgentWorkerDiedError")
    #expect(try probe.get("/pid").status == 200)
    let pids = try probe.until("egg-pids") { () -> [[Int]]? in
      let lists = try probe.inbox().filter { $0.action == "egg-pids" }.compactMap {
        $0.data as? [Int]
      }
      return lists.last?.first.map { $0 != agent } == true ? lists : nil
    }
    #expect(pids.contains([]))
    try probe.wait(for: "probe: agent got egg-ready", count: 2)
  }

  @Test func `SIGTERM cuts slow requests at the limit and ends with 0`() throws {
    let probe = try ProbeApplication(
      ["--workers", "2"], variables: ["EGG_APP_CLOSE_TIMEOUT": "2500"])
    let slow = try Client(port: probe.port)
    let quick = try Client(port: probe.port)
    #expect(try quick.get("/pid").status == 200)
    try slow.send("/slow/60000")
    _ = try probe.until("the slow request runs") {
      try probe.processes().contains { ($0["active"] as? Int ?? 0) > 0 } ? true : nil
    }
    try quick.send("/slow/200")
    let started = Date()
    kill(probe.master, SIGTERM)
    #expect(try quick.answer("/slow/200").body == "slept")
    let (status, log) = probe.finish()
    #expect(status == 0)
    // Far less than what the slow request asks for; a busy machine may stretch it.
    #expect(Date().timeIntervalSince(started) < 40)
    #expect(log.contains("did not finish in 2500 ms"))
    #expect(log.components(separatedBy: "probe: app closes").count == 3)
    #expect(log.contains("requests are still running, "), "the way there is told")
    #expect(!log.contains("is killed"), "each has ended by itself")
    #expect(log.contains("probe: agent closes"))
  }

  @Test func `nobody is left when the master is killed`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    let pids = try probe.processes().compactMap { $0["pid"] as? Int }.map { Int32($0) }
    #expect(pids.count == 4)
    _ = probe.end(SIGKILL)
    for pid in pids {
      _ = try probe.until("the end of \(pid)") { kill(pid, 0) != 0 || isZombie(pid) ? true : nil }
    }
    #expect(probe.log.contains("the master is gone"))
  }

  @Test func `a trap leaves the request and a backtrace in the log`() throws {
    let probe = try ProbeApplication(["--workers", "1"])
    _ = try? probe.get("/die/trap?user=7")
    try probe.wait(for: "request 1, ")
    #expect(probe.log.contains("GET /die/trap?user=7 HTTP/1.1 (route /die/:how)"))
    #expect(probe.log.contains("crashed with SIG"))
    try probe.wait(for: "ProbeController.die")
    let answer = try probe.until("a new worker") { try? probe.get("/pid") }
    #expect(answer.status == 200)
  }

  @Test func `a worker whose loop does not turn is ended and replaced`() throws {
    let probe = try ProbeApplication(
      ["--workers", "1"], config: #"{"cluster": {"hangTimeout": 1000}}"#,
      variables: ["SWIFT_BACKTRACE": "enable=no"])
    let stuck = try Client(port: probe.port)
    try stuck.send("/die/hang")
    try probe.wait(for: "hangs: its loop has not turned for")
    try probe.wait(for: "GET /die/hang HTTP/1.1")
    let answer = try probe.until("a new worker") { try? probe.get("/pid") }
    #expect(answer.status == 200)
  }

  @Test func `status shows every process and reload replaces the workers alone`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    let before = try probe.processes()
    #expect(before.map { $0["role"] as? String ?? "" } == ["master", "agent", "worker", "worker"])
    let reload = try probe.command("reload")
    #expect(reload.status == 0, "\(reload.output)")
    let after = try probe.processes().filter { $0["state"] as? String == "ready" }
    let pids = { (list: [[String: Any]]) in list.compactMap { $0["pid"] as? Int } }
    #expect(pids(after)[0...1] == pids(before)[0...1])
    #expect(Set(pids(after)[2...]).isDisjoint(with: pids(before)))
    let stop = try probe.command("stop")
    #expect(stop.status == 0, "\(stop.output)")
    #expect(probe.finish().status == 0)
    #expect(try probe.command("status").status == 1)
  }

  @Test func `SIGHUP and app reload do what egg reload does`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    let first = try probe.workers()
    kill(probe.master, SIGHUP)
    try probe.wait(for: "reload: SIGHUP")
    try probe.wait(for: "reloaded 2 workers in ")
    let second = try probe.workers()
    #expect(second.count == 2 && Set(second).isDisjoint(with: first))
    #expect(try probe.get("/reload").body == "asked")
    try probe.wait(for: " asks: cluster-probe: told to")
    try probe.wait(for: "reloaded 2 workers in ", count: 2)
    #expect(Set(try probe.workers()).isDisjoint(with: first + second))
  }

  @Test func `a reload whose new worker fails leaves the old ones in place`() throws {
    let probe = try ProbeApplication(["--workers", "1"])
    let pid = try probe.get("/pid").body
    try #"{ "middleware": ["nobody"] }"#.write(
      to: probe.folder.appendingPathComponent("config/config.prod.json"), atomically: true,
      encoding: .utf8)
    let reload = try probe.command("reload")
    #expect(reload.status == 1)
    #expect(reload.output.contains("Middleware nobody not found"))
    #expect(try probe.get("/pid").body == pid)
  }

  @Test func `a Unix socket is served and gone at the end`() throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-\(UUID().uuidString).sock").path
    let probe = try ProbeApplication(["--workers", "2", "--socket", path])
    #expect(probe.log.contains("started on unix:\(path)"))
    #expect(try Client(socket: path).get("/pid").status == 200)
    #expect(probe.end().status == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `--daemon returns when ready and says the first error otherwise`() throws {
    let probe = try ProbeApplication(["--workers", "1", "--daemon"], waits: false)
    let (code, output) = probe.finish()
    #expect(code == 0, "\(output)")
    #expect(try probe.processes().count == 3)
    let log = try String(
      contentsOf: probe.folder.appendingPathComponent("logs/master-stdout.log"), encoding: .utf8)
    #expect(log.contains("started on http://"))
    #expect(try probe.command("stop").status == 0)
    let failing = try ProbeApplication(
      ["--workers", "1", "--daemon"], variables: ["PROBE_FAIL": "1"], waits: false)
    let (failed, said) = failing.finish()
    #expect(failed == 1)
    #expect(said.contains("told to fail"))
  }

  @Test func `two ports are served by the same workers`() throws {
    let probe = try ProbeApplication(["--workers", "1", "--port", "0"])
    try probe.wait(for: " started on ", count: 2)
    let ports = probe.log.split(separator: "\n").compactMap { line -> UInt16? in
      guard let found = line.range(of: "started on http://127.0.0.1:") else { return nil }
      return UInt16(line[found.upperBound...].prefix { $0.isNumber })
    }
    #expect(Set(ports).count == 2)
    let pids = try ports.map { try Client(port: $0).get("/pid").body }
    #expect(pids.count == 2 && pids[0] == pids[1])
  }
}
