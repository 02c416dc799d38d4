import Egg
import ScheduleEngine

/// The timers: tells workers to run jobs when they are due.
///
/// Intervals follow the clock that never jumps, cron and type `single` the clock on the wall
/// (`DueTimes`).
final class Clockwork {
  private let agent: Agent
  private let board: Board
  private var timers: [ObjectIdentifier: LoopTimer] = [:]
  private var runs: [Int: Run] = [:]
  private var queued: Set<String> = []
  private var lastID = 0
  private var isStopped = false

  /// A job of type `worker` or `single` that was sent and has not ended.
  private struct Run {
    let key: String
    let sent: UInt64
    /// Nil until a worker has said that it runs there.
    var pid: Int?
  }

  init(_ agent: Agent, _ board: Board) {
    self.agent = agent
    self.board = board
  }

  private var log: Logger { agent.getLogger("scheduleLogger") ?? agent.coreLogger }

  func start() async throws {
    listen()
    let active = board.jobs.filter { $0.silence == nil }
    // A job that cannot be started does not keep the others from running.
    var failure: (any Error)?
    for job in active {
      switch job.type {
      case "worker", "all": begin(job)
      case "single":
        if board.lock == nil {
          log.warn(
            "\(job.key): type single without a lock runs on every machine; see useScheduleLock")
        }
        begin(job)
      default:
        do { try await beginOther(job) } catch { failure = failure ?? error }
      }
    }
    if let failure { throw failure }
  }

  /// A job of a type that a plugin adds.
  private func beginOther(_ job: Job) async throws {
    guard let type = board.types[job.type] else {
      throw EggError(
        code: "EGG_SCHEDULE",
        "\(job.unit) \(job.place): schedule type [\(job.type)] is not defined")
    }
    try await type.invoke("start", [agent.value(of: TaskFace(self, job))])
  }

  func stop() {
    isStopped = true
    for timer in timers.values { timer.cancel() }
    timers = [:]
  }

  // MARK: when

  private func begin(_ job: Job) {
    if job.isImmediate { due(job, at: Timestamp.now.milliseconds) }
    switch job.rhythm {
    case .none: break
    case .every(let interval) where job.type != "single":
      arm(job, interval, every: interval) { [self] in
        due(job, at: Timestamp.now.milliseconds)
      }
    case .every, .cron: look(job, DueTimes(now: Timestamp.now.milliseconds) { job.next(after: $0) })
    }
  }

  private func look(_ job: Job, _ times: DueTimes) {
    var times = times
    while true {
      switch times.step(Timestamp.now.milliseconds) {
      case .run(let time): due(job, at: time)
      case .look(let delay): return arm(job, delay) { [self, times] in look(job, times) }
      case .over: return
      }
    }
  }

  private func arm(
    _ job: Job, _ delay: Int, every interval: Int? = nil, _ fire: @escaping @MainActor () -> Void
  ) {
    guard !isStopped else { return }
    do {
      timers[ObjectIdentifier(job)] = try agent.loop.timer(
        after: .milliseconds(delay), every: interval.map { .milliseconds($0) }, fire)
    } catch {
      log.error(error)
    }
  }

  // MARK: what

  private func due(_ job: Job, at time: Int) {
    guard !isStopped else { return }
    switch job.type {
    case "all": sendAll(job, .undefined)
    case "single": Task { await sendSingle(job, time) }
    default: sendOne(job, .undefined)
    }
  }

  private func sendSingle(_ job: Job, _ time: Int) async {
    guard let lock = board.lock else { return sendOne(job, .undefined) }
    do {
      let key = "egg-schedule:\(agent.name):\(job.key):\(time)"
      // As long as clocks of machines may differ, and a slow one may still ask.
      let taken = try await lock.invoke("acquire", [key, 5 * 60_000]).isTruthy
      if taken { sendOne(job, .undefined) } else { log.info("[\(job.key)] runs elsewhere") }
    } catch {
      var failure = EggError(error)
      failure.message = "[\(job.key)] is left out, the lock failed: \(failure.message)"
      log.error(failure)
    }
  }

  func sendAll(_ job: Job, _ arguments: Value) {
    lastID += 1
    agent.messenger.sendToApp("egg-schedule", message(job, lastID, arguments, all: true))
  }

  func sendOne(_ job: Job, _ arguments: Value) {
    forget()
    if job.overlap != .allow, let run = runs.values.first(where: { $0.key == job.key }) {
      if job.overlap == .queue {
        queued.insert(job.key)
      } else {
        let seconds = (agent.loop.nowNanoseconds &- run.sent) / 1_000_000_000
        log.warn("\(job.key) is left out: it still runs, since \(seconds) s")
      }
      return
    }
    lastID += 1
    runs[lastID] = Run(key: job.key, sent: agent.loop.nowNanoseconds)
    agent.messenger.sendRandom("egg-schedule", message(job, lastID, arguments, all: false))
  }

  private func message(_ job: Job, _ id: Int, _ arguments: Value, all: Bool) -> Value {
    var map = ValueMap()
    map["key"] = .text(job.key)
    map["id"] = .integer(id)
    map["all"] = .boolean(all)
    if arguments.exists { map["arguments"] = arguments }
    return .map(map)
  }

  /// A message that no worker has answered for a minute was sent to one that had just ended.
  private func forget() {
    let now = agent.loop.nowNanoseconds
    for (id, run) in runs where run.pid == nil && now &- run.sent > 60_000_000_000 {
      runs[id] = nil
    }
  }

  private func listen() {
    agent.messenger.on("egg-schedule-started") { [self] data in
      if let id = data.id.int { runs[id]?.pid = data.pid.int }
    }
    agent.messenger.on("egg-schedule-ended") { [self] data in
      if let id = data.id.int { ended(id) }
    }
    agent.messenger.on("egg-pids") { [self] data in
      let alive = Set((data.array ?? []).compactMap(\.int))
      guard !alive.isEmpty else { return }
      for (id, run) in runs where run.pid != nil && !alive.contains(run.pid!) {
        log.error("[\(run.key)#\(id)] ended with its worker, process \(run.pid!)")
        ended(id)
      }
    }
  }

  private func ended(_ id: Int) {
    guard let run = runs.removeValue(forKey: id) else { return }
    guard queued.remove(run.key) != nil, !isStopped,
      let job = board.jobs.first(where: { $0.key == run.key })
    else { return }
    sendOne(job, .undefined)
  }
}

/// A job, for the type of a plugin.
final class TaskFace: ExportedObject {
  let objectType = "egg.schedule.task/1"
  private let clockwork: Clockwork
  private let job: Job

  init(_ clockwork: Clockwork, _ job: Job) {
    self.clockwork = clockwork
    self.job = job
  }

  func property(_ name: String) throws -> Value {
    switch name {
    case "key": .text(job.key)
    case "schedule": job.schedule
    default: .undefined
    }
  }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "sendOne": clockwork.sendOne(job, args[0])
    case "sendAll": clockwork.sendAll(job, args[0])
    default: throw noSuchMethod(method)
    }
    return .undefined
  }
}
