import PluginABI

/// Naming the units that keep a call and forget it.
///
/// Nothing else can be done about such a call: only its unit knows whether it still works on it. It
/// costs the memory of its request, so that whoever runs the server is told who it is.
extension Worker {
  /// The time for running requests is up: whoever works on one is told to hurry.
  func cancelRunning() {
    for connection in connections.values {
      if let context = connection.context, !context.isChainOver { context.cancel() }
    }
  }

  /// At the very end: every call that a unit still holds, a line each.
  func reportUnsettled() {
    let shown = 20
    let calls = unsettled()
    for call in calls.prefix(shown) { report(call, "never settled") }
    if calls.count > shown {
      log.error("\(calls.count - shown) more calls were never settled")
    }
  }

  /// A client went while its request was being worked on. Whoever has not settled that after
  /// `lifecycle.warnAfter` is named.
  func watchUnsettled() {
    guard !isWatchingUnsettled else { return }
    isWatchingUnsettled = true
    let patience = config.value(at: "lifecycle.warnAfter")?.int ?? 10_000
    let limit = UInt64(clamping: patience).multipliedReportingOverflow(by: 1_000_000)
    _ = loop.schedule(after: Int(clamping: patience)) { [self] in
      isWatchingUnsettled = false
      lookAtUnsettled(limit: limit.overflow ? .max : limit.partialValue)
    }
  }

  private func lookAtUnsettled(limit: UInt64) {
    var isAnyLeft = false
    for call in unsettled() where call.context.lostNanoseconds > 0 {
      guard loop.now &- call.context.lostNanoseconds >= limit else {
        isAnyLeft = true
        continue
      }
      call.context.lostNanoseconds = 0
      report(call, "has not settled")
    }
    if isAnyLeft { watchUnsettled() }
  }

  /// The calls that others wait for. Where a layer waits for a method, that is the method's.
  private func unsettled() -> [Call] {
    let held = calls.held().filter { $0.purpose != .phase && $0.holder !== kernelUnit }
    let inMethods = Set(
      held.lazy.filter { $0.purpose == .method }.map { ObjectIdentifier($0.context) })
    return held.filter {
      $0.purpose == .method || !inMethods.contains(ObjectIdentifier($0.context))
    }
  }

  private func report(_ call: Call, _ what: String) {
    let context = call.context
    let request =
      "\(context.head.methodName.string(in: context.base)) "
      + context.head.target.string(in: context.base)
    let subject = call.purpose == .anonymous ? "the context it made for" : "a call of"
    let gone = context.lostNanoseconds > 0 || context.remains != nil ? "; its client has gone" : ""
    let age = (monotonicNanoseconds() &- context.startedNanoseconds) / 1_000_000
    log.error(
      "plugin \"\(call.holder.name)\" \(what) \(subject) \(request) in \(age) ms\(gone)")
  }
}
