import Glibc
import PluginABI

/// The onion as a state machine: entering layer after layer, then leaving them in reverse.
///
/// No unit's code runs inside settling or parking; those note what is wanted, and the driver acts on it
/// when the unit's function has returned, or in the next turn when a unit settles from elsewhere.
extension Context {
  /// Starts the chain of a request.
  func startChain() {
    layers = worker.layers.entries
    phase = .entering
    drive()
  }

  /// Runs layers until one waits or all are left.
  func drive() {
    isDriving = true
    RequestNote.current = note
    while true {
      let goesOn: Bool
      switch phase {
      case .entering: goesOn = enterNext()
      case .leaving: goesOn = leaveNext()
      case .finished:
        // Not driving any more: the end may give this context back to the pool.
        isDriving = false
        return chainEnded()
      case .idle: goesOn = false
      }
      if !goesOn {
        isDriving = false
        return
      }
    }
  }

  /// - Returns: false when a layer keeps its call and the driver has to wait.
  private func enterNext() -> Bool {
    // What a unit asked for between turns comes first.
    if pending != .none { return act(on: Step.later) }
    guard let (handler, unit) = nextHandler() else {
      phase = .leaving
      return true
    }
    let token = unit._withUnsafeGuaranteedRef { unit in
      if worker.measuresLayers { beginTiming(unit) }
      return chainCall.issue(to: unit, mayGoOn: true)
    }
    let step = handler.handle(handler.instance, token)
    return act(on: step)
  }

  private func leaveNext() -> Bool {
    if pending != .none { return act(on: Step.later) }
    guard let frame = frames.popLast() else {
      phase = .finished
      return true
    }
    if frame.timing >= 0 { resumeTiming(frame) }
    let token = chainCall.issue(to: frame.unit, mayGoOn: false)
    var outcome = egg_outcome()
    outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
    if let failure = chainFailure {
      outcome.kind = Int32(EGG_OUTCOME_FAILED)
      outcome.error = failure
    }
    chainFailure = nil
    let step = frame.resume(token, frame.state, &outcome)
    return act(on: step)
  }

  /// - Returns: false when the driver has to wait.
  private func act(on step: egg_step) -> Bool {
    switch pending {
    case .none:
      break
    case .goOn:
      pending = .none
      if let resume = pendingResume {
        frames.append(
          Frame(
            resume: resume, state: pendingState, unit: chainCall.holder,
            timing: worker.measuresLayers ? timings.count - 1 : -1))
      }
      phase = .entering
      return true
    case .finish:
      pending = .none
      phase = .leaving
      endTiming()
      return true
    case .fail:
      pending = .none
      chainFailure = chainCall.failure
      chainCall.failure = nil
      phase = .leaving
      endTiming()
      return true
    }
    switch step {
    case Step.done:
      chainCall.spend()
      phase = .leaving
      endTiming()
      return true
    case Step.pass where phase == .entering:
      chainCall.spend()
      return true
    case Step.later:
      return false
    default:
      // A step the kernel does not know, PASS on the way back, or STALE handed on: the unit has lost
      // track of its call, so nobody else will settle it.
      let unit = chainCall.holder
      chainCall.spend()
      worker.log.misuse(
        unit, phase == .entering ? "handle" : "resume",
        "returned \(step), which means nothing here; expected DONE, PASS, LATER or what the host answered"
      )
      chainFailure = makeError(
        status: 500, code: "EGG_MISUSE", message: "a layer lost its call", expose: false)
      phase = .leaving
      return true
    }
  }

  private func nextHandler() -> (egg_handler, Unmanaged<Unit>)? {
    while cursor < layers.count {
      let entry = layers[cursor]
      cursor &+= 1
      if let filter = entry.filter,
        !filter._withUnsafeGuaranteedRef({ $0.admits(self) })
      {
        continue
      }
      return (entry.handler, entry.unit)
    }
    return nextRouteHandler()
  }

  /// Asks for the driver to look at what was noted outside of it.
  @inline(__always)
  func wake() {
    if isDriving || isQueued { return }
    isQueued = true
    worker.turn.push(.drive(self))
  }

  /// The client is gone or the time is up: whoever holds the request is told to hurry.
  func cancel() {
    guard !isCancelled else { return }
    isCancelled = true
    if let hook = chainCall.cancelHook {
      chainCall.cancelHook = nil
      hook(chainCall.cancelState)
    }
    // The search goes through every call there is, so only where there can be more.
    if holds > 0 { worker.tellCancelled(self) }
  }

  // -- Server-Timing

  private func beginTiming(_ unit: Unit) {
    timings.append(LayerTiming(unit: unit, started: monotonicNanoseconds()))
  }

  private func resumeTiming(_ frame: Frame) {
    // The inner layers are over: what they took is not this layer's.
    let now = monotonicNanoseconds()
    if frame.timing + 1 < timings.count {
      timings[frame.timing].inner &+= now &- timings[frame.timing + 1].started
    }
  }

  private func endTiming() {
    guard worker.measuresLayers else { return }
    let now = monotonicNanoseconds()
    for index in timings.indices.reversed() where timings[index].whole == 0 {
      timings[index].whole = max(1, now &- timings[index].started)
      break
    }
  }
}

/// The clock of `Server-Timing` and of log lines.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
