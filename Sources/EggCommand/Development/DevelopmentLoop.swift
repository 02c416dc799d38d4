import EggKernel
import FileWatching
import Glibc

/// `egg dev`: owns the port, builds, runs one worker, and replaces it when a saved file asks for that.
///
/// One thing is done at a time. What is saved meanwhile is taken up afterwards, in one go.
final class DevelopmentLoop {
  typealias Reaction = WatchedFiles.Reaction

  /// Milliseconds of quiet after a saved file: editors and version control save several.
  private static let quietTime = 200
  /// Crashes within a minute after which the worker is left alone until a file is saved.
  private static let crashLimit = 5

  private let makePlan: () throws -> LoadPlan
  private let name: String
  private let baseDir: String
  private let master: Master
  private let loop: EventLoop
  private let pool: BlockingPool
  private let standIn: StandIn
  private let watch: FileWatch
  private var files: WatchedFiles

  private var pending = Reaction.nothing
  private var saved: [String] = []
  private var firstSaved: UInt64 = 0
  private var timer: TimerID?
  private var isBusy = false
  private var lastBuildFailed = false
  private var crashes: [UInt64] = []
  private var hasToldStart = false

  private var problem: ProblemPage?
  private var problems = 0

  /// - Parameter makePlan: reads the application's files again.
  /// - Throws: `CommandFailure` when files can't be watched.
  init(
    _ plan: LoadPlan, _ master: Master, loop: EventLoop, makePlan: @escaping () throws -> LoadPlan
  )
    throws
  {
    self.makePlan = makePlan
    self.master = master
    self.loop = loop
    name = plan.info.name
    baseDir = plan.info.baseDir
    files = WatchedFiles(plan)
    pool = BlockingPool(loop, threads: 1, queue: 4)
    standIn = StandIn(
      master.listeningSockets, certificates: try TLSCertificateSet(plan), loop: loop)
    do {
      watch = try FileWatch(ignores: WatchedFiles.isHidden)
    } catch {
      throw CommandFailure(error.description)
    }
  }

  /// Everything from here on happens on the loop.
  func begin() throws(LoopError) {
    watchFiles()
    try loop.register(watch.descriptor, [.read], ReadyHandler { [self] _ in readChanges() })
    master.onWorkerDied = { [self] how in workerDied(how) }
    master.develop()
    pending = .build
    work()
  }

  // MARK: files

  private func watchFiles() {
    for path in files.paths { watch.add(path) }
    for failure in watch.takeFailures() { Terminal.warning(failure.description) }
  }

  private func readChanges() {
    for change in watch.read() {
      let reaction = files.reaction(to: change)
      guard reaction > .nothing else { continue }
      pending = max(pending, reaction)
      let path = files.relative(change.path)
      if !saved.contains(path) { saved.append(path) }
      if firstSaved == 0 { firstSaved = Clock.nanoseconds }
    }
    for failure in watch.takeFailures() { Terminal.warning(failure.description) }
    guard pending > .nothing else { return }
    if let timer { loop.cancel(timer) }
    timer = loop.schedule(after: Self.quietTime) { [self] in
      timer = nil
      work()
    }
  }

  // MARK: what follows

  private func work() {
    guard !isBusy, pending > .nothing else { return }
    isBusy = true
    let reaction = lastBuildFailed ? .build : pending
    let round = Round(names: saved, started: firstSaved == 0 ? Clock.nanoseconds : firstSaved)
    pending = .nothing
    saved = []
    firstSaved = 0
    if !round.names.isEmpty { Terminal.note(round.announcement(reaction)) }
    guard reaction == .build, BuildSystem.of(baseDir) == .swift else { return replace(round) }
    build { [self] failure in
      lastBuildFailed = failure != nil
      if let failure { return end(failure) }
      replace(round)
    }
  }

  private struct Round {
    let names: [String]
    let started: UInt64

    func announcement(_ reaction: Reaction) -> String {
      let rest = names.count > 3 ? " and \(names.count - 3) more" : ""
      return names.prefix(3).joined(separator: ", ") + rest + " changed"
    }
  }

  private func build(_ then: @escaping (Problem?) -> Void) {
    let outcome = Outcome()
    let name = name
    let run = BuildRun(
      title: "building \(name) (debug)",
      words: ["swift", "build", "--package-path", baseDir, "-c", "debug"])
    let completion = Completion { then(outcome.problem) }
    let answer = pool.submit(
      {
        do {
          let findings = try run.attempt()
          if let findings { outcome.problem = Problem(building: name, output: findings) }
        } catch {
          outcome.problem = Problem(title: "\(name) can't be built", text: "\(error)")
        }
      }, then: { completion.call() })
    if answer != .accepted {
      then(Problem(title: "\(name) can't be built", text: "no thread for the build"))
    }
  }

  /// Of a build; written on the pool's thread, read on the loop after it.
  private final class Outcome: @unchecked Sendable {
    var problem: Problem?
  }

  /// Runs on the loop and nowhere else; the pool only carries it.
  private struct Completion: @unchecked Sendable {
    let call: () -> Void

    init(_ call: @escaping () -> Void) { self.call = call }
  }

  private func replace(_ round: Round) {
    let plan: LoadPlan
    do {
      plan = try makePlan()
      try MissingLibraries.check(plan, isRelease: false)
    } catch {
      let text = (error as? CommandFailure)?.message ?? "\(error)"
      Terminal.error(text)
      return end(Problem(title: "\(name) does not start", text: text))
    }
    files = WatchedFiles(plan)
    watchFiles()
    // It accepts as soon as it can, and then nobody else must.
    standIn.pause()
    master.replaceWorker(round.names.first ?? "start") { [self] failure in
      // The new one is told of the state after it was told to be ready.
      if let failure { return end(Problem(title: "\(name) does not start", text: failure)) }
      tellSuccess(plan, round)
      end(nil)
    }
  }

  private func tellSuccess(_ plan: LoadPlan, _ round: Round) {
    guard !hasToldStart else {
      return Terminal.note("live after \(Clock.seconds(since: round.started))")
    }
    hasToldStart = true
    let time = (Clock.nanoseconds &- round.started) / 100_000
    for socket in master.listeningSockets {
      master.logInfo(
        "\(name) started on \(socket.description) (\(time / 10).\(time % 10)ms, env \(plan.info.env))"
      )
    }
  }

  private func end(_ problem: Problem?) {
    isBusy = false
    show(problem)
    if pending > .nothing, timer == nil { work() }
  }

  // MARK: problems

  private func show(_ new: Problem?) {
    if let new {
      problems += 1
      problem = ProblemPage(problem: new, baseDir: baseDir, number: problems)
    } else {
      problem = nil
    }
    tellWorker()
    if let problem, !master.isServing {
      standIn.open(problem)
    } else {
      standIn.close()
    }
  }

  /// The plugin `development` shows the page as long as the old worker serves.
  private func tellWorker() {
    var data = ConfigObject()
    data["problem"] = .int(Int64(problem?.number ?? 0))
    data["page"] = .string(problem?.html ?? "")
    master.tellWorker("egg-development", .object(data))
  }

  private func workerDied(_ how: String) {
    let now = Clock.nanoseconds
    crashes.removeAll { now &- $0 > 60_000_000_000 }
    crashes.append(now)
    Terminal.error("\(how); what it said is above")
    guard !isBusy else { return }
    guard crashes.count <= Self.crashLimit else {
      return show(
        Problem(title: "\(name) has crashed", text: how + "\nWhat it said is in the terminal."))
    }
    isBusy = true
    replace(Round(names: ["started again"], started: now))
  }
}
