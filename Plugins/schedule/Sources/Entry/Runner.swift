import Egg
import Glibc

/// Runs jobs in this process.
final class Runner {
  private let app: Application
  private let board: Board
  private var running = 0
  /// Jobs of type `all`, which only this process knows to be running, and those that wait.
  private var busy: [String: Int] = [:]
  private var queued: Set<String> = []
  private var isClosing = false

  init(_ app: Application, _ board: Board) {
    self.app = app
    self.board = board
  }

  private var log: Logger { app.getLogger("scheduleLogger") ?? app.coreLogger }

  func listen() {
    app.messenger.on("egg-schedule") { [self] data in
      guard let job = board.jobs.first(where: { $0.key == data.key.string }) else {
        return log.error("a message names the job \"\(data.key.string ?? "")\", which is not here")
      }
      let id = data.id.int ?? 0
      if data.all.bool == true {
        guard enter(job) else { return }
      } else {
        report("started", job, id)
      }
      Task { await run(job, id, data.arguments, isOne: data.all.bool != true) }
    }
  }

  /// Of type `all`: whether the job may run now.
  private func enter(_ job: Job) -> Bool {
    if busy[job.key] ?? 0 > 0 {
      switch job.overlap {
      case .allow: break
      case .skip:
        log.warn("\(job.key) is left out: it still runs")
        return false
      case .queue:
        queued.insert(job.key)
        return false
      }
    }
    busy[job.key, default: 0] += 1
    return true
  }

  private func run(_ job: Job, _ id: Int, _ arguments: Value, isOne: Bool) async {
    try? await attempt(job, id, arguments)
    if isOne { return report("ended", job, id) }
    busy[job.key, default: 1] -= 1
    guard queued.remove(job.key) != nil, !isClosing, enter(job) else { return }
    await run(job, id, arguments, isOne: false)
  }

  /// For `app.runSchedule`.
  func runNow(_ name: String) async throws { try await attempt(board.job(name), 0, .undefined) }

  /// One run with a context of its own, logged from start to end.
  ///
  /// - Throws: what the job throws, after it was logged.
  private func attempt(_ job: Job, _ id: Int, _ arguments: Value) async throws {
    running += 1
    defer { running -= 1 }
    let start = app.loop.nowNanoseconds
    func used() -> String { "\((app.loop.nowNanoseconds &- start) / 1_000_000)ms" }
    log.info("[\(job.key)#\(id)] started")
    do {
      let ctx = try app.createAnonymousContext([
        "method": "SCHEDULE",
        "url": "/__schedule?path=\(escaped(job.key))&type=\(escaped(job.type))",
      ])
      if arguments.exists { ctx.state["scheduleArguments"] = arguments }
      try await job.object.invoke("run", [], ctx: ctx)
      log.info("[\(job.key)#\(id)] succeeded, used \(used())")
    } catch {
      var failure = EggError(error)
      failure.message = "[\(job.key)#\(id)] failed, used \(used()): \(failure.message)"
      failure.properties["task"] = .text(job.place)
      log.error(failure)
      throw error
    }
  }

  private func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: ":"),
        UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }

  private func report(_ what: String, _ job: Job, _ id: Int) {
    app.messenger.sendToAgent(
      "egg-schedule-\(what)",
      ["key": job.key, "id": id, "pid": Int(getpid())])
  }

  /// Waits for running jobs, a little shorter than the kernel waits for us.
  func drain() async {
    isClosing = true
    let limit = max(0, (app.config["lifecycle.closeTimeout"].int ?? 5000) - 500)
    var waited = 0
    while running > 0, waited < limit {
      try? await Task.sleep(for: .milliseconds(20))
      waited += 20
    }
    if running > 0 { log.warn("\(running) jobs still ran when the process ended") }
  }
}
