import Foundation
import Testing

@Suite("The plugin schedule in an application") struct ScheduleTests {
  private static let plugins = #"{"schedule": {"package": "egg-schedule"}}"#

  @Test func `jobs run as their schedules say, and are logged`() throws {
    let server = try LogServer(plugins: Self.plugins)
    try server.wait("some runs") {
      server.file("logs-probe-web.log").lines(with: "update_cache ran").count >= 5
        && server.file("logs-probe-web.log").lines(with: "slow ends").count >= 2
        && server.file("logs-probe-web.log").lines(with: "every_second ran").count >= 2
    }
    server.end()
    let web = server.file("logs-probe-web.log")
    // immediate, in the right environment, as a function.
    #expect(web.lines(with: "at_once ran in prod").count == 1)
    #expect(web.contains("SCHEDULE /__schedule?path=at_once&type=all] at_once"))
    #expect(web.lines(with: "elsewhere ran").isEmpty)
    #expect(web.lines(with: "nightly ran").isEmpty)
    // A type that the application adds, with arguments.
    #expect(web.lines(with: "leader ran with 2 arguments").count == 1)
    // No two runs of the slow job at a time.
    let slow = web.lines(with: "slow ").map { $0.hasSuffix("begins") }
    #expect(zip(slow, slow.dropFirst()).allSatisfy { $0 != $1 }, "\(slow)")
    let log = server.file("egg-schedule.log")
    #expect(log.lines(with: "slow is left out: it still runs").count >= 2)
    #expect(try log.contains(Regex(#"INFO \d+ \[update_cache#\d+\] succeeded, used \d+ms"#)))
    let failure = try #require(log.lines(with: "[fails#").last)
    #expect(failure.contains("ERROR") && failure.contains("as always"))
    #expect(failure.contains("task=app/schedule/fails.swift"))
    #expect(server.file("common-error.log").contains("[fails#"))
    // The lock of the probe gives every second run away.
    let taken = web.lines(with: "locked ran").count
    let refused = log.lines(with: "[locked] runs elsewhere").count
    #expect(taken > 0 && abs(taken - refused) <= 1, "\(taken) and \(refused)")
    // A run that has begun is waited for at the end.
    #expect(web.lines(with: "slow begins").count == web.lines(with: "slow ends").count)
  }

  /// `slow` takes longer than three of its intervals.
  @Test(arguments: ["queue", "allow"])
  func `overlap is queued or allowed where the configuration says so`(overlap: String) throws {
    let server = try LogServer(
      #"{"schedule": {"overlap": "\#(overlap)"}}"#, plugins: Self.plugins)
    try server.wait("some runs") {
      server.file("logs-probe-web.log").lines(with: "slow ends").count >= 4
    }
    server.end()
    var running = 0
    var most = 0
    for line in server.file("logs-probe-web.log").lines(with: "slow ") {
      running += line.hasSuffix("begins") ? 1 : -1
      most = max(most, running)
    }
    #expect(overlap == "allow" ? most > 1 : most == 1)
    #expect(!server.file("egg-schedule.log").contains("slow is left out"))
  }

  @Test func `app runSchedule runs a job now and hands its error over`() throws {
    let server = try LogServer(plugins: Self.plugins)
    for name in ["deep/nightly", "app/schedule/deep/nightly.swift", "elsewhere"] {
      #expect(try server.get("/run?name=\(name)") == "ran")
    }
    #expect(try server.get("/run?name=fails") == "failed: as always")
    #expect(try server.get("/run?name=nobody").contains("no job \"nobody\" in app/schedule"))
    server.end()
    #expect(server.file("logs-probe-web.log").lines(with: "nightly ran SCHEDULE").count == 2)
  }

  @Test func `egg inspect schedule shows the next runs and runs nothing`() throws {
    let folder = try LogServer.copy(plugins: Self.plugins)
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = try LogServer.egg(["inspect", "schedule", folder.path, "--env", "prod"])
    #expect(
      text.lines(with: "deep/nightly").first?.contains("0 30 2 * * * (Europe/Berlin)") == true,
      "\(text)")
    #expect(text.lines(with: "elsewhere").first?.contains("off: only in staging") == true)
    let json = try LogServer.egg(["inspect", "schedule", folder.path, "--env", "prod", "--json"])
    let jobs = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
    let nightly = try #require(jobs.first { $0["key"] as? String == "deep/nightly" })
    let next = try #require(nightly["next"] as? [String])
    #expect(next.count == 3)
    #expect(next.allSatisfy { $0.contains(" 02:30:00 +0") }, "\(next)")
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("logs").path))
  }

  @Test func `with an agent and two workers: all runs in each, worker in one`() throws {
    let server = try LogServer(plugins: Self.plugins, workers: 2)
    try server.wait("runs") {
      let web = server.file("logs-probe-web.log")
      return web.lines(with: "at_once ran").count >= 2
        && web.lines(with: "update_cache ran").count >= 10
        && web.lines(with: "slow ends").count >= 2
    }
    server.end()
    let web = server.file("logs-probe-web.log")
    func processes(_ text: String) -> Set<String> {
      Set(web.lines(with: text).map { String($0.split(separator: " ")[3]) })
    }
    #expect(web.lines(with: "at_once ran").count == 2)
    #expect(processes("at_once ran").count == 2)
    #expect(processes("update_cache ran").count <= 2)
    let slow = web.lines(with: "slow ").map { $0.hasSuffix("begins") }
    #expect(zip(slow, slow.dropFirst()).allSatisfy { $0 != $1 }, "\(slow)")
    #expect(server.file("egg-schedule.log").contains("[fails#"))
  }

  /// `deep/nightly` runs at 02:30 in Berlin, a time that 2027-03-28 does not have.
  @Test func `the clock is moved, through the change to summer time and over several days`() throws
  {
    let clock = try MovedClock(1_806_148_800)  // 2027-03-27 12:00 UTC
    let server = try LogServer(plugins: Self.plugins, variables: clock.variables)
    func runs() -> [String] { server.file("logs-probe-web.log").lines(with: "nightly ran") }
    try server.wait("other jobs") {
      server.file("logs-probe-web.log").lines(with: "every_second ran").count >= 2
    }
    #expect(runs().isEmpty)
    try clock.set(1_806_195_597)  // 2027-03-28 00:59:57 UTC, 01:59:57 in Berlin
    try server.wait("the run at the change") { runs().count == 1 }
    // 03:00:00 in Berlin is 09:00:00 in Shanghai, where the log is written; noticed within ten seconds.
    let first = try #require(runs().first)
    #expect(first.hasPrefix("2027-03-28 09:00:"), "\(first)")
    try clock.set(1_806_534_000)  // 2027-03-31 23:00 UTC: three due times later
    try server.wait("one run for three days") { runs().count == 2 }
    #expect(runs().last?.hasPrefix("2027-04-01 07:0") == true, "\(runs())")
    // Back by an hour, and forward again to where it was: no time is repeated.
    try clock.set(1_806_530_400)
    let before = server.file("logs-probe-web.log").lines(with: "update_cache ran").count
    try server.wait("many other runs") {
      server.file("logs-probe-web.log").lines(with: "update_cache ran").count > before + 20
    }
    #expect(runs().count == 2)
    server.end()
  }

  @Test func `without the plugin nothing runs`() throws {
    let server = try LogServer()
    usleep(300_000)
    #expect(try server.get("/run?name=slow").contains("no unit adds \"runSchedule\""))
    server.end()
    #expect(!server.file("logs-probe-web.log").contains(" ran"))
  }
}

@Suite("The plugin logrotator in an application") struct LogrotatorTests {
  private static let plugins =
    #"{"schedule": {"package": "egg-schedule"}, "logrotator": {"package": "egg-logrotator"}}"#

  @Test func `by size under load no line is lost`() throws {
    let server = try LogServer(
      #"""
      {"logger": {"consoleLevel": "NONE", "coreLogger": {"consoleLevel": "INFO"}},
       "logrotator": {"filesRotateBySize": ["logs-probe-web.log"], "maxFileSize": 20000,
         "maxFiles": 1000, "rotateDuration": 50}}
      """#, plugins: Self.plugins)
    for _ in 0..<40 {
      try server.get("/many/500")
      usleep(20_000)
    }
    server.end()
    let logs = server.folder.appendingPathComponent("logs").path
    let files = try FileManager.default.contentsOfDirectory(atPath: logs)
      .filter { $0.hasPrefix("logs-probe-web.log") }
    #expect(files.count > 5, "\(files)")
    let lines = files.reduce(0) { $0 + server.file($1).lines(with: " of 500").count }
    #expect(lines == 40 * 500)
  }

  @Test func `by day, compressed, and cleaned up`() throws {
    let server = try LogServer(
      #"{"logrotator": {"gzip": true, "maxDays": 3, "filesRotateByHour": ["orders.log"]}}"#,
      plugins: Self.plugins)
    try server.get("/many/10")
    try server.get("/custom/orders")
    let logs = server.folder.appendingPathComponent("logs")
    try "x".write(
      to: logs.appendingPathComponent("egg-web.log.2020-01-01"), atomically: true, encoding: .utf8)
    #expect(try server.get("/run?name=rotate_by_file") == "ran")
    #expect(try server.get("/run?name=logrotator:rotate_by_hour") == "ran")
    #expect(try server.get("/run?name=clean_log") == "ran")
    try server.get("/many/20")
    server.end()
    let names = try FileManager.default.contentsOfDirectory(atPath: logs.path)
    let form = try Regex(#"^logs-probe-web\.log\.\d{4}-\d\d-\d\d\.gz$"#)
    #expect(names.contains { $0.contains(form) }, "\(names)")
    let hour = try Regex(#"^orders\.log\.\d{4}-\d\d-\d\d-\d\d\.gz$"#)
    #expect(names.contains { $0.contains(hour) }, "\(names)")
    #expect(!names.contains("egg-web.log.2020-01-01"))
    #expect(server.file("logs-probe-web.log").lines(with: " of 20").count == 20)
    #expect(server.file("logs-probe-web.log").lines(with: " of 10").isEmpty)
  }

  @Test func `a setting that makes no sense stops the start`() throws {
    let failure = #expect(throws: Failure.self) {
      try LogServer(#"{"logrotator": {"maxFiles": 0}}"#, plugins: Self.plugins)
    }
    #expect(failure?.description.contains("config.logrotator.maxFiles: expected a number") == true)
  }
}
