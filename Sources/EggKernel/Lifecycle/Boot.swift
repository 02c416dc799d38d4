import Glibc
import PluginABI

/// Bringing an application up in one process: open, register, configure, load, ready, listen.
package final class Application {
  package let plan: LoadPlan
  let worker: Worker
  /// Monotonic: when the process began to start, and when it had read its files.
  let startedAt: UInt64
  let createdAt = monotonicNanoseconds()
  private var isClosing = false
  /// Lines of the start-up log are for people watching; `egg inspect` stays quiet.
  package var isQuiet = false { didSet { writesRunFiles = !isQuiet } }
  /// Nil: unless it is quiet.
  package var writesLogFiles: Bool?
  /// One process of several alike writes `run/`.
  var writesRunFiles = true
  /// Called when the application has closed.
  package var onClosed: (() -> Void)?

  package init(_ plan: LoadPlan, loop: EventLoop, started: UInt64 = monotonicNanoseconds()) {
    self.plan = plan
    startedAt = started
    worker = Worker(loop: loop, info: plan.info, config: plan.config)
    worker.overriding = Set(plan.plugins.plugins.filter(\.entry.override).map(\.name))
  }

  /// Runs everything up to ready, without listening.
  package func load(then: @escaping (Result<Void, BootError>) -> Void) {
    for notice in plan.notices + plan.config.notices where !isQuiet { worker.log.notice(notice) }
    worker.publishConfig()
    do throws(BootError) {
      try openAll()
    } catch {
      return then(.failure(error))
    }
    let units = worker.units
    let worker = worker
    // Each step begins when the one before has ended well.
    var steps: [(@escaping Worker.Completion) -> Void] = [
      { worker.runInOrder(.register, units, then: $0) },
      { worker.runInOrder(.configWillLoad, units, then: $0) },
      { [self] done in done(Result { () throws(BootError) in try freezeConfig() }) },
      { worker.runInOrder(.configDidLoad, units, then: $0) },
      { worker.deliverDirectories(then: $0) },
      { worker.runInOrder(.load, units, then: $0) },
      { [self] done in done(Result { () throws(BootError) in try composeAll() }) },
      { worker.runTogether(.didLoad, then: $0) },
      { worker.runTogether(.willReady, then: $0) },
      { worker.runInOrder(.didReady, units, then: $0) },
    ]
    steps.reverse()
    func advance() {
      guard let step = steps.popLast() else {
        worker.isBooted = true
        worker.readyAt = monotonicNanoseconds()
        worker.messenger.releaseHeld()
        return then(.success(()))
      }
      step { result in
        switch result {
        case .success: advance()
        case .failure:
          self.writeRunFiles()
          then(result)
        }
      }
    }
    advance()
  }

  private func openAll() throws(BootError) {
    let byName = Dictionary(uniqueKeysWithValues: plan.plugins.plugins.map { ($0.name, $0) })
    for described in plan.units {
      if described.name == "egg", described.directory == nil {
        worker.units.append(worker.kernelUnit)
        continue
      }
      let unit = Unit(described, worker: worker)
      worker.units.append(unit)
      let plugin = described.kind == .plugin ? byName[described.name] : nil
      try worker.open(unit, plugin)
      if !isQuiet, unit.kind == .plugin {
        worker.log.info(
          "plugin \(unit.name)\(unit.version.isEmpty ? "" : " \(unit.version)") \(unit.library ?? unit.directory ?? "")"
        )
      }
    }
    KernelMiddleware.register(on: worker)
  }

  private func freezeConfig() throws(BootError) {
    try worker.config.freeze()
    worker.publishConfig()
    worker.isConfigFrozen = true
    worker.log.configure(
      worker.config, plan.info, writesFiles: writesLogFiles ?? !isQuiet,
      isAgent: worker.processKind == UInt32(EGG_PROCESS_AGENT))
    worker.applyConfig()
    if worker.processKind != UInt32(EGG_PROCESS_AGENT) { try worker.configureTLS() }
  }

  private func composeAll() throws(BootError) {
    try worker.compose()
    worker.routes.prepare()
  }

  /// `run/`: configuration, who set it, routes, times. Nobody waits for these files, so they are written once
  /// requests are answered, or when the start has failed and somebody will want to look.
  private func writeRunFiles() {
    guard writesRunFiles, let folder = worker.config.value(at: "rundir")?.string else { return }
    let isAgent = worker.processKind == UInt32(EGG_PROCESS_AGENT)
    let process = isAgent ? "agent" : "application"
    var notices = worker.config.writeRunFiles(
      process: process, folder: folder, plugins: plan.plugins.dump, appInfo: plan.info)
    var others = [("\(process)_timing", timingDump)]
    if !isAgent { others.append(("router", worker.routeDump())) }
    for (name, value) in others {
      if let notice = RunFile.write(value, to: "\(folder)/\(name).json") { notices.append(notice) }
    }
    for notice in notices { worker.log.notice(notice) }
  }

  /// Opens the sockets and tells units so.
  package func listen(
    _ addresses: [ListenAddress], then: @escaping (Result<Void, BootError>) -> Void
  ) {
    do throws(BootError) {
      for address in addresses { try worker.listen(address) }
    } catch {
      return then(.failure(error))
    }
    let time = (monotonicNanoseconds() &- startedAt) / 100_000
    for listener in worker.listeners {
      worker.log.info(
        "\(plan.info.name) started on \(listener.description) (\(time / 10).\(time % 10)ms, env \(plan.info.env))"
      )
    }
    worker.startBeat()
    serverIsReady(then: then)
  }

  /// Everybody listens: tells units so.
  func serverIsReady(then: @escaping (Result<Void, BootError>) -> Void = { _ in }) {
    worker.log.becomeReady(worker.config)
    worker.row[.state] = Board.State.ready.rawValue
    worker.events.emit("server", on: nil)
    worker.runInOrder(.serverDidReady, worker.units) { [self] result in
      switch result {
      case .success: announceReady()
      case .failure(let error): worker.log.error(error.description)
      }
      then(result)
    }
    _ = worker.loop.schedule(after: 20) { [self] in
      writeRunFiles()
      StartPages.giveBack()
    }
  }

  /// `egg-ready`, when this process is the whole application.
  private func announceReady() {
    guard worker.messenger.carrier == nil else { return }
    let pids: ConfigValue = [.int(Int64(getpid()))]
    worker.messenger.announce("egg-pids", pids, to: [.application, .agent])
    guard let first = worker.listeners.first else { return }
    worker.messenger.announce(
      "egg-ready",
      [
        "port": .int(Int64(first.port)), "address": .string(first.description),
        "protocol": worker.tls == nil ? "http" : "https",
      ],
      to: [.application, .agent])
  }

  /// Stops accepting, lets running requests finish, tells units in reverse order, then calls `onClosed`.
  package func close(reason: String) {
    if isClosing {
      worker.log.warning("closing at once: \(reason) again")
      worker.log.flush()
      onClosed?()
      return
    }
    beginClosing(reason)
    worker.closeIdleConnections()
    finishRequests(within: worker.closeTimeout)
  }

  /// The same, after another process has taken over the listening socket: connections between two
  /// requests stay for a while, because a request may be on its way; it is answered with
  /// `Connection: close`.
  ///
  /// - Parameter isDevelopment: who reloads a page wants the new code, so the wait is short.
  func drain(reason: String, isDevelopment: Bool = false) {
    guard !isClosing else { return }
    let settings = ClusterSettings(worker.config)
    let idleGrace = isDevelopment ? min(200, settings.idleGrace) : settings.idleGrace
    worker.keepsIdle = true
    beginClosing(reason)
    let started = monotonicNanoseconds()
    func wait() {
      let waited = Int((monotonicNanoseconds() &- started) / 1_000_000)
      let isQuiet = worker.connections.values.allSatisfy { $0.state == .taken }
      if !isQuiet, waited < idleGrace {
        _ = worker.loop.schedule(after: 20) { wait() }
        return
      }
      worker.closeIdleConnections()
      finishRequests(within: max(worker.closeTimeout, settings.drainTimeout - waited))
    }
    wait()
  }

  private func beginClosing(_ reason: String) {
    isClosing = true
    worker.isDraining = true
    for listener in worker.listeners { listener.close() }
    worker.log.info("closing: \(reason); \(worker.counters.active) requests are running")
    // Whoever has taken a connection over can still say goodbye to its peer.
    worker.events.emit("closing", on: nil)
  }

  private func finishRequests(within timeout: Int) {
    var deadline = timeout
    var isCancelled = false
    let started = monotonicNanoseconds()
    var told = 0
    func wait() {
      let waited = Int((monotonicNanoseconds() &- started) / 1_000_000)
      if worker.counters.active > 0, waited < deadline {
        if waited / 1_000 > told {
          told = waited / 1_000
          worker.log.info(
            "closing: \(worker.counters.active) requests are still running, \(deadline - waited) ms left"
          )
        }
        _ = worker.loop.schedule(after: 10) { wait() }
        return
      }
      if worker.counters.active > 0, !isCancelled {
        worker.log.warning("\(worker.counters.active) requests did not finish in \(timeout) ms")
        worker.cancelRunning()
        isCancelled = true
        // Who listens for that answers at once.
        deadline += min(timeout, 100)
        return wait()
      }
      worker.endTakenConnections()
      worker.runReversed(.beforeClose, worker.units) { [self] in
        worker.events.emit("close", on: nil)
        worker.reportUnsettled()
        worker.log.info("closed")
        worker.log.flush()
        onClosed?()
      }
    }
    wait()
  }
}
