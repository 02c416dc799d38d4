import Foundation
import Testing

/// What happens to processes that run out of memory, do not come up, or lose their parent.
@Suite("Faults of processes", .serialized) struct FaultTests {
  /// Its processes are limited from outside, as a control group or a shell would do it.
  @Test func `a worker without memory is replaced, and the other one serves`() throws {
    let probe = try ProbeApplication(
      ["--workers", "2"], variables: ["SWIFT_BACKTRACE": "enable=no"])
    let victim = try #require(try probe.workers().first)
    let status = try String(contentsOfFile: "/proc/\(victim)/status", encoding: .utf8)
    let size = status.components(separatedBy: "VmSize:").last?.split(whereSeparator: \.isWhitespace)
      .first
    // KiB: what it has, and 128 MiB more.
    let limit = try #require(size.flatMap { Int($0) }) + 131_072
    let limiting = try Process.run(
      URL(fileURLWithPath: "/usr/bin/prlimit"),
      arguments: ["--pid", "\(victim)", "--as=\(limit * 1024)"])
    limiting.waitUntilExit()
    try #require(limiting.terminationStatus == 0)

    let client = try probe.client(of: victim)
    #expect(throws: Failure.self) { try client.get("/die/memory") }
    let line = try probe.wait(for: "AppWorkerDiedError")
    #expect(line.contains("(pid \(victim)) ended with signal"))
    #expect(try probe.get("/pid").status == 200)
    try probe.wait(for: "GET /die/memory HTTP/1.1 (route /die/:how)")
    let workers = try probe.until("two workers") {
      let workers = try probe.workers()
      return workers.count == 2 ? workers : nil
    }
    #expect(!workers.contains(victim))
  }

  @Test func `a worker that does not come up is tried again, less and less often, then given up`()
    throws
  {
    let probe = try ProbeApplication(
      ["--workers", "2"], config: #"{"cluster": {"startLimit": 3}}"#)
    try #"{ "middleware": ["nobody"] }"#.write(
      to: probe.folder.appendingPathComponent("config/config.prod.json"), atomically: true,
      encoding: .utf8)
    let workers = try probe.workers()
    kill(workers[0], SIGKILL)
    try probe.wait(for: "worker 1 could not start: ", count: 3)
    try probe.wait(for: "worker 1 failed to start 3 times in a row and is given up")
    #expect(try probe.get("/pid").body == "\(workers[1])", "the other one serves on")
    kill(workers[1], SIGKILL)
    let (status, log) = probe.finish()
    #expect(status == 1)
    #expect(log.components(separatedBy: "could not start: ").count == 7, "three times each")
    let last = try #require(log.components(separatedBy: "no worker is left; ").last)
    #expect(last.contains("first error was: AppWorkerDiedError: worker 1"))
    #expect(log.contains("Middleware nobody not found"))
  }

  @Test func `the master has no code of the application, every other process has`() throws {
    let probe = try ProbeApplication(["--workers", "1"])
    func isThere(_ pid: Int32) throws -> Bool {
      try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
        .contains("libClusterProbe.so")
    }
    #expect(try !isThere(probe.master))
    #expect(try isThere(#require(try probe.workers().first)))
    #expect(try isThere(#require(try probe.agent())))
  }

  @Test func `each step of the start is logged with its time`() throws {
    let probe = try ProbeApplication(["--workers", "2"])
    for step in [
      #/agent started \(pid \d+, \d+\.\dms\)/#, #/worker 1 started \(pid \d+, \d+\.\dms\)/#,
      #/worker 2 started \(pid \d+, \d+\.\dms\)/#,
      #/cluster-probe started on http:\/\/127\.0\.0\.1:\d+ \(\d+\.\dms, env prod\)/#,
    ] {
      #expect(probe.log.contains(step))
    }
  }

  @Test func `application and agent go through the same hooks in the same order`() throws {
    let probe = try ProbeApplication(["--workers", "1"])
    try probe.wait(for: "probe: server is ready")
    try probe.wait(for: "probe: agent is ready")
    let log = probe.end().log
    let hooks =
      "register configWillLoad configDidLoad didLoad willReady didReady serverDidReady beforeClose"
    #expect(log.contains("probe: app closes after \(hooks)\n"))
    #expect(log.contains("probe: agent closes after \(hooks)\n"))
  }

  @Test func `changes of files reach the agent and every worker`() throws {
    let probe = try ProbeApplication(
      ["--workers", "2"],
      config: #"{"watcher": {"type": "development"}, "probe": {"watch": "data"}}"#,
      plugins: #"{"watcher": {"package": "egg-watcher"}}"#)
    let folder = probe.folder.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The folder is new: that it is there must be known before a file can be seen in it.
    try probe.wait(for: "probe: app saw create of \(folder.path)", count: 2)
    try probe.wait(for: "probe: agent saw create of \(folder.path)")
    let file = folder.appendingPathComponent("prices.json")
    try "1".write(to: file, atomically: false, encoding: .utf8)
    try probe.wait(for: " of \(file.path)", count: 3)
    let before = probe.log.count
    try FileManager.default.removeItem(at: file)
    try probe.wait(for: "probe: app saw remove of \(file.path)", count: 2)
    try probe.wait(for: "probe: agent saw remove of \(file.path)")
    #expect(probe.log.count > before)
  }
}

/// The master as the first process of a container.
@Suite("As process 1", .serialized) struct ContainerTests {
  private static let launcher =
    ["/usr/bin/unshare"] + (geteuid() == 0 ? [] : ["--user", "--map-root-user"])
    + ["--pid", "--fork", "--mount-proc", "--kill-child"]

  /// The ids of processes with that parent.
  private func children(of parent: Int32) -> [(pid: Int32, name: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { name in
      guard let pid = Int32(name),
        let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let open = stat.firstIndex(of: "("), let end = stat.lastIndex(of: ")")
      else { return nil }
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      guard fields.count > 1, Int32(fields[1]) == parent else { return nil }
      return (pid, String(stat[stat.index(after: open)..<end]))
    }
  }

  @Test func `it serves, collects the orphans of others, and SIGTERM ends all in order`() throws {
    let probe = try ProbeApplication(["--workers", "2"], launcher: Self.launcher)
    let master = try #require(children(of: probe.master).first?.pid)
    try probe.wait(for: " 1 cluster-probe started on ")
    #expect(try probe.processes().first?["pid"] as? Int == 1)
    #expect(try probe.get("/orphan").status == 200)
    // It is the master's child from the death of its own parent on.
    _ = try probe.until("the end of the orphan") {
      children(of: master).contains { $0.name == "sleep" } ? nil : true
    }
    // Neither it nor anybody else stays behind as a zombie: the agent and two workers.
    #expect(children(of: master).count == 3, "\(children(of: master))")
    // What died is replaced there as well.
    let victim = try #require(try probe.workers().first)
    let outside = children(of: master).map(\.pid)
    _ = try? probe.get("/die/kill")
    try probe.wait(for: "AppWorkerDiedError")
    _ = try probe.until("a new worker") {
      let now = children(of: master).map(\.pid)
      let isNew = now.contains { !outside.contains($0) }
      return try isNew && now.count == 3 && probe.workers().count == 2 ? true : nil
    }
    #expect(victim > 1)
    kill(master, SIGTERM)
    let (status, log) = probe.finish()
    #expect(status == 0)
    #expect(log.components(separatedBy: "probe: app closes").count == 3)
    #expect(log.contains("probe: agent closes"))
  }
}
