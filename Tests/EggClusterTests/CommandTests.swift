import Foundation
import Testing

/// What the options of `egg start` and the commands for a running application do.
@Suite("Commands of a cluster", .serialized) struct CommandTests {
  private func text(_ file: URL) -> String {
    (try? String(contentsOf: file, encoding: .utf8)) ?? ""
  }

  @Test func `--title names the processes, the files and whom commands mean`() throws {
    let title = "probe-\(UUID().uuidString.prefix(8))"
    let probe = try ProbeApplication(["--workers", "1", "--title", title])
    let other = try ProbeApplication(["--workers", "1"])
    let pidFile = probe.folder.appendingPathComponent("run/\(title).pid")
    #expect(text(pidFile).trimmingCharacters(in: .newlines) == "\(probe.master)")
    for process in try probe.processes().dropFirst() {
      let pid = try #require(process["pid"] as? Int)
      let words = text(URL(fileURLWithPath: "/proc/\(pid)/cmdline"))
      #expect(words.contains("\0\(title)\0"))
    }
    #expect(try probe.command("status", "--title", title).status == 0)
    let wrong = try probe.command("status", "--title", "somebody-else")
    #expect(wrong.status == 1)
    #expect(wrong.output.contains("no master with the title \"somebody-else\""))
    // Without the folder, by the title among all processes.
    let stop = try ProbeApplication.egg(["stop", "--title", title], in: probe.folder)
    #expect(stop.status == 0 && stop.output.contains("stopped process \(probe.master)"))
    #expect(probe.finish().status == 0)
    #expect(!FileManager.default.fileExists(atPath: pidFile.path))
    #expect(other.isRunning)
    #expect(try other.get("/pid").status == 200)
  }

  @Test func `--daemon writes where --stdout, --stderr and --pid-file say`() throws {
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-daemon-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    let (output, errors) = (
      place.appendingPathComponent("out.log"), place.appendingPathComponent("err.log")
    )
    let pidFile = place.appendingPathComponent("daemon.pid")
    let daemon = try ProbeApplication(
      [
        "--workers", "1", "--daemon", "--stdout", output.path, "--stderr", errors.path,
        "--pid-file", pidFile.path,
      ], waits: false)
    let (code, said) = daemon.finish()
    #expect(code == 0, "\(said)")
    #expect(text(output).contains("started on http://"))
    let pid = try #require(Int32(text(pidFile).trimmingCharacters(in: .newlines)))
    #expect(said.contains("process \(pid)"))
    #expect(getsid(pid) == pid, "it has a session of its own")
    let worker = try #require(try daemon.workers().first)
    kill(worker, SIGSEGV)
    _ = try daemon.until("a new worker") {
      try daemon.workers().first { $0 != worker }
    }
    _ = try daemon.until("the crash report") {
      text(errors).contains("crashed with SIGSEGV") ? true : nil
    }
    #expect(try daemon.command("stop").status == 0)
    #expect(kill(pid, 0) != 0 || isZombie(pid))
    #expect(!FileManager.default.fileExists(atPath: pidFile.path))
  }

  @Test func `the table of status has every process`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    let victim = try #require(try probe.workers().first)
    kill(victim, SIGKILL)
    _ = try probe.until("a new worker") {
      let workers = try probe.workers()
      return workers.count == 2 && !workers.contains(victim) ? true : nil
    }
    for _ in 0..<5 { _ = try probe.get("/pid") }
    _ = try probe.until("all are counted") {
      try probe.processes().compactMap { $0["requests"] as? Int }.reduce(0, +) == 5 ? true : nil
    }
    let lines = try probe.command("status").output.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    let head = try #require(lines.first { $0.first == "role" })
    #expect(
      head == [
        "role", "pid", "state", "uptime", "memory", "requests", "active", "connections", "restarts",
      ])
    #expect(lines.contains { $0.starts(with: ["master", "\(probe.master)", "ready"]) })
    let agent = try #require(try probe.agent())
    #expect(lines.contains { $0.starts(with: ["agent", "\(agent)", "ready"]) })
    let workers = try probe.processes().filter { $0["role"] as? String == "worker" }
    #expect(workers.map { $0["number"] as? Int } == [1, 2])
    #expect(workers.compactMap { $0["restarts"] as? Int }.reduce(0, +) == 1)
    #expect(workers.compactMap { $0["requests"] as? Int }.reduce(0, +) >= 5)
    for worker in workers {
      #expect(worker["uptime"] as? Int ?? -1 >= 0)
      #expect(worker["memory"] as? Int ?? 0 > 1 << 20)
    }
    #expect(
      lines.last?.joined(separator: " ") == "5 requests, 1 restarts after a death, 0 reloads")
  }

  @Test func `run has configuration, who set it, routes and times, for both roles`() throws {
    let probe = try ProbeApplication(["--workers", "2"], config: #"{"probe": {"greeting": "hi"}}"#)
    func file(_ name: String) throws -> Any {
      let file = probe.folder.appendingPathComponent("run/\(name).json")
      return try probe.until(name) {
        (try? Data(contentsOf: file)).flatMap { try? JSONSerialization.jsonObject(with: $0) }
      }
    }
    for role in ["application", "agent"] {
      let config = try #require(try file("\(role)_config") as? [String: Any])
      let values = try #require(config["config"] as? [String: Any])
      #expect((values["probe"] as? [String: Any])?["greeting"] as? String == "hi")
      #expect(values["keys"] as? String != "probe", "secrets are masked")
      let meta = try #require(try file("\(role)_config_meta") as? [String: Any])
      let writer = (meta["probe"] as? [String: Any])?["greeting"] as? String
      #expect(writer?.hasSuffix("config/config.prod.json:1") == true)
      let timing = try #require(try file("\(role)_timing") as? [String: Any])
      let steps = try #require(timing["steps"] as? [[String: Any]])
      let names = steps.filter { $0["unit"] as? String == "cluster-probe" }
        .compactMap { $0["name"] as? String }
      #expect(names.starts(with: ["open", "register", "configWillLoad", "configDidLoad", "load"]))
      let starts = steps.compactMap { $0["start"] as? Double }
      #expect(starts.count == steps.count && starts == starts.sorted())
      let pid = try #require(timing["pid"] as? Int)
      #expect(try role == "agent" ? probe.agent() == Int32(pid) : probe.workers()[0] == Int32(pid))
      #expect(timing["milliseconds"] as? Double ?? 0 > 0)
    }
    let routes = try #require(try file("router") as? [[String: Any]])
    let route = try #require(routes.first { $0["path"] as? String == "/slow/:ms" })
    #expect(route["controller"] as? String == "probe.slow")
    #expect(route["paramNames"] as? [String] == ["ms"])
  }

  @Test func `inspect timing draws the start`() throws {
    let probe = try ProbeApplication(["--single"])
    let lines = try ProbeApplication.egg(
      ["inspect", "timing", probe.folder.path], in: probe.folder
    ).output.split(separator: "\n")
    #expect(lines.first?.hasPrefix("unit ") == true && lines.first?.contains("0 ms") == true)
    let first = try #require(lines.dropFirst().first)
    #expect(first.hasPrefix("egg ") && first.contains("read files") && first.contains("▇"))
    let column = first.distance(from: first.startIndex, to: try #require(first.firstIndex(of: "▇")))
    let open = try #require(lines.first { $0.hasPrefix("cluster-probe") && $0.contains(" open ") })
    let place = open.distance(from: open.startIndex, to: try #require(open.firstIndex(of: "▇")))
    #expect(place > column, "what began later stands further to the right")
  }
}
