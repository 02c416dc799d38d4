import Glibc

/// Processes that end without being told to, hang, or do not come up.
extension Master {
  /// Takes note of every process that has ended, those included that only lost their parent to this
  /// one (as the first process of a container).
  package func reap() {
    while true {
      var status: Int32 = 0
      let pid = waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { return }
      guard let index = children.firstIndex(where: { $0.pid == pid }) else { continue }
      let child = children.remove(at: index)
      ended(child, status)
    }
  }

  func ended(_ child: ChildProcess, _ status: Int32) {
    // What it wrote last is still in the socket.
    child.channel.ready(.readable)
    child.channel.close()
    release(child)
    if isClosing { return closeNext() }
    let how = describe(status)
    switch child.state {
    case .draining where status == 0:
      log.info("\(child.name) (pid \(child.pid)) has ended")
      return
    case .starting:
      let reason = child.failure ?? "it ended with \(how) before it was ready"
      return failedToStart(child, reason)
    default: break
    }
    let name = child.role == .agent ? "AgentWorkerDiedError" : "AppWorkerDiedError"
    let text = "\(name): \(child.name) (pid \(child.pid)) ended with \(how)"
    log.error(text)
    if firstError == nil { firstError = text }
    if !hasStarted {
      // One that was ready dies while others still start.
      return giveUp(text)
    }
    tellPids()
    if child.state == .draining { return }
    switch child.role {
    case .agent:
      restartCounts[0, default: 0] += 1
      restartAgent(after: 1_000)
    case .worker: refork(child.number)
    }
  }

  private func describe(_ status: Int32) -> String {
    let signal = status & 0x7F
    guard signal != 0 else { return "code \((status >> 8) & 0xFF)" }
    let name = sigabbrev(signal)
    return "signal \(name)"
  }

  private func sigabbrev(_ signal: Int32) -> String {
    switch signal {
    case SIGKILL: "SIGKILL"
    case SIGTERM: "SIGTERM"
    case SIGSEGV: "SIGSEGV"
    case SIGABRT: "SIGABRT"
    case SIGILL: "SIGILL"
    case SIGTRAP: "SIGTRAP"
    case SIGBUS: "SIGBUS"
    case SIGFPE: "SIGFPE"
    case SIGINT: "SIGINT"
    default: "\(signal)"
    }
  }

  private func restartAgent(after milliseconds: Int) {
    agentIsDue = true
    _ = loop.schedule(after: milliseconds) { [self] in startAgent() }
  }

  private func failedToStart(_ child: ChildProcess, _ reason: String) {
    log.error("\(child.name) could not start: \(reason)")
    if firstError == nil { firstError = reason }
    guard hasStarted else { return giveUp(reason) }
    if child.role == .agent { return restartAgent(after: 1_000) }
    if child.replaces != nil || options.isDevelopment {
      // The one before serves on.
      reload?.fail("\(child.name) could not start: \(reason)")
      return
    }
    let failures = (failedStarts[child.number] ?? 0) + 1
    failedStarts[child.number] = failures
    guard failures < settings.startLimit else {
      log.error("\(child.name) failed to start \(failures) times in a row and is given up")
      return checkLeft()
    }
    let delay = min(5_000, 100 << (failures - 1))
    _ = loop.schedule(after: delay) { [self] in
      guard !isClosing else { return }
      start(.worker, child.number)
    }
    waitingStarts += 1
    _ = loop.schedule(after: delay) { [self] in waitingStarts -= 1 }
  }

  /// In place of a worker that died, unless there were too many.
  private func refork(_ number: Int) {
    if options.isDevelopment {
      onWorkerDied?(firstError ?? "the worker has ended")
      return
    }
    guard keepsAlive else {
      log.warning("worker \(number) is not started again in env \(plan.info.env)")
      return
    }
    let now = monotonicNanoseconds()
    let window = UInt64(settings.reforkWindow) * 1_000_000
    reforks.removeAll { now &- $0 > window }
    guard reforks.count < settings.reforkLimit else {
      if !hasToldLimit {
        hasToldLimit = true
        log.error(
          "\(settings.reforkLimit) workers died within \(settings.reforkWindow) ms: none is started any more; the first was: \(firstError ?? "unknown")"
        )
      }
      return checkLeft()
    }
    reforks.append(now)
    board.row(0)[number: Board.restarts] &+= 1
    restartCounts[number, default: 0] += 1
    start(.worker, number)
  }

  /// Without any worker, and none to come, the master ends as well, so that whoever started it
  /// notices.
  private func checkLeft() {
    guard workers.isEmpty, waitingStarts == 0 else { return }
    giveUp(firstError ?? "no worker is left")
  }

  /// The start has failed, or nothing is left to serve.
  private func giveUp(_ reason: String) {
    guard !isClosing else { return }
    if hasStarted { log.error("no worker is left; the first error was: \(reason)") }
    log.flush()
    onFailure?(reason)
    for child in children { child.signal(SIGKILL) }
    end(1)
  }

  /// - Source: egg-cluster's check of the process count: three bad looks in a row end it.
  func checkHealth() {
    guard hasStarted, keepsAlive, !isClosing else { return }
    let isGood = !serving.isEmpty && agent != nil
    badChecks = isGood ? 0 : badChecks + 1
    guard badChecks >= 3 else { return }
    giveUp(
      "ClusterWorkerExceptionError: \(serving.count) workers and \(agent == nil ? "no" : "an") agent for 30 s"
    )
  }

  /// A process whose loop does not turn is ended: SIGABRT first, which leaves a backtrace.
  func watchBeats() {
    let now = monotonicNanoseconds()
    for child in children where !child.isCondemned {
      let age = (now &- child.spawned) / 1_000_000
      if child.state == .starting, age > UInt64(settings.startTimeout) {
        child.failure = "it was not ready after \(settings.startTimeout) ms"
        condemn(child, child.failure ?? "")
        continue
      }
      guard settings.hangTimeout > 0, child.state == .ready || child.state == .draining else {
        continue
      }
      let beat = board.row(child.rowIndex)[.beat]
      guard now > beat, (now &- beat) / 1_000_000 > UInt64(settings.hangTimeout) else { continue }
      condemn(child, "its loop has not turned for \((now &- beat) / 1_000_000) ms")
    }
  }

  private func condemn(_ child: ChildProcess, _ why: String) {
    child.isCondemned = true
    log.error("\(child.name) (pid \(child.pid)) hangs: \(why)")
    child.signal(SIGABRT)
    _ = loop.schedule(after: 5_000) { [weak child] in child?.signal(SIGKILL) }
  }
}
