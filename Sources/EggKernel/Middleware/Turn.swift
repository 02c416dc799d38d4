import PluginABI

/// What was asked for during this turn and is done when the running function has returned, in order.
///
/// This is what lets a unit settle or await under its own lock and keeps the stack flat.
final class Turn {
  enum Item {
    case drive(Context)
    case start(Call)
    case deliver(Call)
    case run(() -> Void)
  }

  private var items: [Item] = []
  private var next = 0
  private var isScheduled = false
  private let loop: EventLoop

  init(loop: EventLoop) {
    self.loop = loop
    items.reserveCapacity(256)
  }

  func push(_ item: Item) {
    items.append(item)
    guard !isScheduled else { return }
    isScheduled = true
    loop.mailbox.post(
      { turn in Unmanaged<Turn>.fromOpaque(turn!).takeUnretainedValue().drain() },
      Unmanaged.passUnretained(self).toOpaque())
  }

  private func drain() {
    while next < items.count {
      let item = items[next]
      next &+= 1
      switch item {
      case .drive(let context):
        context.isQueued = false
        context.drive()
      case .start(let call):
        startMethod(call)
      case .deliver(let call):
        deliver(call)
      case .run(let job):
        job()
      }
    }
    items.removeAll(keepingCapacity: true)
    next = 0
    isScheduled = false
  }

  /// Calls the method and, if it settled at once, reports it.
  private func startMethod(_ call: Call) {
    guard let start = call.method else { return }
    call.method = nil
    let token = call.issue(to: call.holder, mayGoOn: false)
    var result = egg_value()
    let step: egg_step
    if let object = start.object {
      guard let invoke = object.pointee.ops.pointee.invoke else {
        call.failure = call.context.makeError(
          status: 500, code: "EGG_NO_METHOD",
          message: "the object has no methods; \"\(start.name.string)\" was called", expose: false)
        call.spend()
        return deliver(call)
      }
      step = invoke(object, token, start.name, start.arguments, start.count, &result)
    } else {
      step = start.invoke(start.instance, token, start.arguments, start.count, &result)
    }
    // Settled inside: `deliver` is already queued.
    guard call.isHeld, call.token.token == token.token else { return }
    switch step {
    case Step.done:
      call.spend()
      do throws(TreeRefusal) {
        try TreeCopier.check(result)
        call.result = result
      } catch {
        call.refuseResult(error, "invoke")
      }
      deliver(call)
    case Step.later:
      break
    default:
      call.spend()
      call.context.worker.log.misuse(
        call.holder, "invoke", "returned \(step); expected DONE or LATER")
      call.failure = call.context.makeError(
        status: 500, code: "EGG_MISUSE", message: "a method lost its call", expose: false)
      deliver(call)
    }
  }

  private func deliver(_ call: Call) {
    let context = call.context
    var outcome = egg_outcome()
    outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
    if let failure = call.failure {
      outcome.kind = Int32(EGG_OUTCOME_FAILED)
      outcome.error = failure
    } else {
      outcome.value = call.result
    }
    let (done, state, completion) = (call.done, call.doneState, call.completion)
    context.worker.calls.giveBack(call)
    if let completion {
      completion(&outcome)
    } else {
      done?(state, &outcome)
    }
    context.holds &-= 1
    context.recycleIfOver()
  }
}
