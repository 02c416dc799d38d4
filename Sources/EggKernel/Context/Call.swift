import PluginABI

/// What a unit holds while something is asked of it: one slot of the call table.
///
/// A slot outlives its uses; every settling or parking raises the generation, so that a value kept
/// too long is recognised instead of followed.
final class Call {
  enum Purpose: UInt8 {
    /// A layer of a request's onion, or the creator's hold on an anonymous context.
    case chain, anonymous
    /// A method or property of a unit, or a directory delivery.
    case method
    /// A lifecycle phase.
    case phase
  }

  let index: UInt32
  fileprivate(set) var generation: UInt64 = 1
  /// Whether the current token is a unit's to spend.
  fileprivate(set) var isHeld = false
  /// Whether the current token may go on with the rest of the chain.
  var mayGoOn = false
  /// Lent to event listeners: may be looked at, not settled.
  var isLent = false
  var purpose = Purpose.chain
  /// Its caller waits for it on the stack, so nothing is delivered later.
  var isImmediate = false
  /// Not counted: a context outlives the calls on it.
  var contextReference: Unmanaged<Context>
  /// The unit that holds it, for messages.
  unowned(unsafe) var holder: Unit

  /// How a method or phase is reported; for the chain the context itself goes on.
  var done: egg_done?
  var doneState: UnsafeMutableRawPointer?
  var completion: ((UnsafePointer<egg_outcome>) -> Void)?

  var cancelHook: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
  var cancelState: UnsafeMutableRawPointer?

  /// What settling noted, for the driver to act on.
  var result = egg_value()
  var failure: UnsafePointer<egg_error>?

  /// A method's start, until it has begun.
  var method: MethodStart?

  fileprivate init(index: UInt32, context: Context, holder: Unit) {
    self.index = index
    contextReference = .passUnretained(context)
    self.holder = holder
  }

  var context: Context {
    get { contextReference.takeUnretainedValue() }
    set { contextReference = .passUnretained(newValue) }
  }

  /// A fresh token for `holder` to spend.
  @inline(__always)
  func issue(to holder: Unit, mayGoOn: Bool) -> egg_call {
    self.holder = holder
    self.mayGoOn = mayGoOn
    isHeld = true
    return token
  }

  /// Its holder's value can't be handed on: the caller gets an error instead.
  func refuseResult(_ refusal: TreeRefusal, _ operation: String) {
    context.worker.log.misuse(
      holder, operation, "the value is \(refusal); it was replaced by an error")
    failure = context.makeError(
      status: 500, code: "EGG_BAD_VALUE", message: "a method returned a value that can't be read",
      expose: false)
  }

  @inline(__always)
  var token: egg_call { egg_call(token: generation << 20 | UInt64(index)) }

  /// Ends the current token.
  @inline(__always)
  func spend() {
    generation &+= 1
    isHeld = false
    cancelHook = nil
  }
}

/// What is to be called for a method once the current turn is over.
struct MethodStart {
  var invoke:
    @convention(c) (
      UnsafeMutableRawPointer?, egg_call, UnsafePointer<egg_value>?, UInt32,
      UnsafeMutablePointer<egg_value>
    ) -> egg_step
  var instance: UnsafeMutableRawPointer?
  /// Set for a method of an object instead.
  var object: UnsafeMutablePointer<egg_object>?
  var name = egg_str()
  var arguments: UnsafePointer<egg_value>?
  var count: UInt32 = 0
}

/// The process's calls. Tokens name a slot (20 bits) and its generation (44 bits).
struct CallTable {
  static let capacity = 1 << 20

  private var slots: UnsafeMutablePointer<Unmanaged<Call>>
  private var used = 0
  private var room = 1024
  private var free: [UInt32] = []

  init() {
    slots = .allocate(capacity: room)
    CallSlots.base = slots
  }

  /// Calls that are in use now.
  var count: Int { used - free.count }

  /// A free slot, or nil when a million calls are under way.
  mutating func take(for context: Context, holder: Unit, _ purpose: Call.Purpose) -> Call? {
    let call: Call
    if let index = free.popLast() {
      call = slots[Int(index)].takeUnretainedValue()
      call.context = context
      call.holder = holder
    } else {
      guard used < CallTable.capacity else { return nil }
      if used == room {
        let larger = UnsafeMutablePointer<Unmanaged<Call>>.allocate(capacity: room * 2)
        larger.moveInitialize(from: slots, count: used)
        slots.deallocate()
        slots = larger
        CallSlots.base = slots
        room *= 2
      }
      call = Call(index: UInt32(used), context: context, holder: holder)
      (slots + used).initialize(to: Unmanaged.passRetained(call))
      used += 1
      CallSlots.count = used
    }
    call.purpose = purpose
    call.result = egg_value()
    call.failure = nil
    return call
  }

  /// Gives the slot back; tokens that are still around go stale.
  mutating func giveBack(_ call: Call) {
    call.spend()
    call.done = nil
    call.doneState = nil
    call.completion = nil
    call.method = nil
    free.append(call.index)
  }

  /// The call that `token` names, if it is still held under that token.
  @inline(__always)
  func find(_ token: egg_call) -> Call? {
    let index = Int(truncatingIfNeeded: token.token & 0xF_FFFF)
    guard index < used else { return nil }
    let call = slots[index]._withUnsafeGuaranteedRef { $0 }
    guard call.generation == token.token >> 20, call.isHeld else { return nil }
    return call
  }

  /// Who had the slot of a stale token last, for messages.
  func lastHolder(_ token: egg_call) -> Unit? {
    let index = Int(truncatingIfNeeded: token.token & 0xF_FFFF)
    guard index < used else { return nil }
    return slots[index].takeUnretainedValue().holder
  }

  /// Every call that is held now; for shutdown and for finding what was never settled.
  func held() -> [Call] {
    (0..<used).compactMap { index in
      let call = slots[index].takeUnretainedValue()
      return call.isHeld ? call : nil
    }
  }
}

/// The call table once more, in globals: what most functions of the ABI do is less work than counting
/// references on the way to it.
enum CallSlots {
  fileprivate nonisolated(unsafe) static var base: UnsafeMutablePointer<Unmanaged<Call>>?
  fileprivate nonisolated(unsafe) static var count = 0

  /// Runs `body` with the context of a held call; nil for a stale token or on another thread.
  @inline(__always)
  static func withContext<R>(_ token: egg_call, _ body: (Context) -> R) -> R? {
    withCall(token) { _, context in body(context) }
  }

  /// Runs `body` with a held call and its context; nil for a stale token or on another thread.
  @inline(__always)
  static func withCall<R>(_ token: egg_call, _ body: (Call, Context) -> R) -> R? {
    guard LoopThread.isCurrent, let base else { return nil }
    let index = Int(truncatingIfNeeded: token.token & 0xF_FFFF)
    guard index < count else { return nil }
    return base[index]._withUnsafeGuaranteedRef { call in
      guard call.generation == token.token >> 20, call.isHeld else { return nil }
      return call.contextReference._withUnsafeGuaranteedRef { body(call, $0) }
    }
  }
}
