import PluginABI

/// The lifecycle's words, in their order.
enum Phase: Int32, CaseIterable {
  case register = 1
  case configWillLoad, configDidLoad, load, didLoad, willReady, didReady
  case serverDidReady, beforeClose

  var name: String {
    switch self {
    case .register: "register"
    case .configWillLoad: "configWillLoad"
    case .configDidLoad: "configDidLoad"
    case .load: "load"
    case .didLoad: "didLoad"
    case .willReady: "willReady"
    case .didReady: "didReady"
    case .serverDidReady: "serverDidReady"
    case .beforeClose: "beforeClose"
    }
  }
}

/// Running phases: each unit gets a call that it settles, at once or later.
extension Worker {
  typealias Completion = (Result<Void, BootError>) -> Void

  /// Runs `body` with a call of its own for `unit`; reports how it was settled. A unit that takes long
  /// is named in the log, one that takes longer than `lifecycle.startTimeout` fails.
  ///
  /// - Parameters:
  ///   - isClosing: whoever stops the process does not wait that long; a unit gets
  ///     `lifecycle.closeTimeout` then, and a second where that says less.
  ///   - patience: milliseconds instead of those, for what is no part of the start.
  func begin(
    _ unit: Unit, _ context: Context, _ what: String, isClosing: Bool = false, patience: Int? = nil,
    _ body: @escaping (egg_call) -> egg_step, then: @escaping Completion
  ) {
    guard let call = calls.take(for: context, holder: unit, .phase) else {
      return then(.failure(BootError(.lifecycle, unit: unit.name, "\(what): too many calls")))
    }
    context.holds += 1
    let started = monotonicNanoseconds()
    let warnAfter = Int(config.value(at: "lifecycle.warnAfter")?.int ?? 10_000)
    let failAfter =
      patience
      ?? (isClosing
        ? max(closeTimeout, 1_000)
        : Int(config.value(at: "lifecycle.startTimeout")?.int ?? 600_000))
    var isOver = false
    let warning = loop.schedule(after: warnAfter) { [self] in
      guard !isClosing, patience == nil else { return }
      log.warning(
        "\(unit.name): \(what) has not ended after \(warnAfter) ms; the start goes on waiting for it"
      )
      events.emit("ready_timeout", on: nil)
    }
    let failure = loop.schedule(after: failAfter) { [self] in
      guard !isOver else { return }
      isOver = true
      _ = loop.cancel(warning)
      call.cancelHook?(call.cancelState)
      then(
        .failure(
          BootError(.timeout, unit: unit.name, "\(what) has not ended after \(failAfter) ms")))
    }
    call.completion = { [self] outcome in
      guard !isOver else { return }
      isOver = true
      _ = loop.cancel(warning)
      _ = loop.cancel(failure)
      if patience == nil {
        unit.phaseTimes.append((what, started, monotonicNanoseconds() &- started))
      }
      if let error = outcome.pointee.error {
        let code = error.pointee.code.string
        let detail = error.pointee.detail.string
        then(
          .failure(
            BootError(
              .lifecycle, unit: unit.name,
              "\(what): \(error.pointee.message.string)\(code.isEmpty ? "" : " (\(code))")\(detail.isEmpty ? "" : "\n\(detail)")"
            )))
      } else {
        then(.success(()))
      }
    }
    let token = call.issue(to: unit, mayGoOn: false)
    let step = body(token)
    guard call.isHeld, call.token.token == token.token else { return }
    switch step {
    case Step.done:
      call.spend()
      turn.push(.deliver(call))
    case Step.later:
      break
    default:
      call.spend()
      call.failure = context.makeError(
        status: 500, code: "EGG_MISUSE",
        message: "returned \(step) from \(what); expected DONE or LATER", expose: false)
      turn.push(.deliver(call))
    }
  }

  /// Milliseconds that running requests have when the process closes.
  var closeTimeout: Int {
    let settings = ClusterSettings(config)
    return processKind == UInt32(EGG_PROCESS_AGENT)
      ? settings.agentCloseTimeout : settings.appCloseTimeout
  }

  private func begin(_ unit: Unit, _ phase: Phase, then: @escaping Completion) {
    guard let entry = unit.entry else { return then(.success(())) }
    begin(
      unit, makeBackground(), phase.name, isClosing: phase == .beforeClose,
      { call in entry.pointee.on_phase(entry.pointee.`self`, phase.rawValue, call) }, then: then)
  }

  /// One unit after the other; the first that fails ends it.
  func runInOrder(_ phase: Phase, _ units: [Unit], then: @escaping Completion) {
    guard let unit = units.first else { return then(.success(())) }
    begin(unit, phase) { [self] result in
      switch result {
      case .success: runInOrder(phase, Array(units.dropFirst()), then: then)
      case .failure: then(result)
      }
    }
  }

  /// All units at once; reports when all have ended, with the first failure.
  func runTogether(_ phase: Phase, then: @escaping Completion) {
    var left = units.count
    var first: BootError?
    guard left > 0 else { return then(.success(())) }
    for unit in units {
      begin(unit, phase) { result in
        if case .failure(let error) = result, first == nil { first = error }
        left -= 1
        if left == 0 { then(first.map { .failure($0) } ?? .success(())) }
      }
    }
  }

  /// In reverse order; failures are logged and the next goes on.
  func runReversed(_ phase: Phase, _ units: [Unit], then: @escaping () -> Void) {
    guard let unit = units.last else { return then() }
    begin(unit, phase) { [self] result in
      if case .failure(let error) = result { log.error(error.description) }
      runReversed(phase, Array(units.dropLast()), then: then)
    }
  }
}
