import Glibc
import PluginABI

/// One request, or a context without one, as the kernel keeps it. Taken from a pool and given back.
///
/// The layers of the onion, methods of units and the response all hang on it. It goes back to the pool
/// when the chain has ended, the answer is out and no method is under way on it.
final class Context {
  /// What sends the answer and delivers the body; nil for anonymous contexts.
  unowned(unsafe) var connection: Connection?
  let worker: Worker

  // -- request
  var head = RequestHead()
  let fields: HeaderTable
  /// Where the ranges of `head` and `fields` point into; pinned until the request ends.
  var base: UnsafePointer<UInt8>
  /// Holds the head of an anonymous request.
  var ownHead: ByteBuffer?
  /// Of an anonymous request that stands for one over TLS.
  var isSecure = false
  var startedNanoseconds: UInt64 = 0
  var startedMilliseconds: Int64 = 0
  var parsedBody = egg_value()
  var rawBody = egg_str()
  var hasRawBody = false
  var bodyErrand: BodyParser.Errand?
  var overriddenMethod = egg_str()

  // -- chain
  var chainCall: Call!
  var layers: UnsafeBufferPointer<LayerList.Entry>
  var cursor = 0
  var frames: [Frame] = []
  var phase = ChainPhase.idle
  var pending = Pending.none
  var pendingResume: egg_resume?
  var pendingState: UnsafeMutableRawPointer?
  var chainFailure: UnsafePointer<egg_error>?
  var isDriving = false
  var isQueued = false
  var isCancelled = false
  /// When the client went before the chain had ended; 0 when it has not, or that was reported.
  var lostNanoseconds: UInt64 = 0
  var match = MatchResult()
  var hasRouted = false
  /// Not counted: routes stay as long as the process.
  var route: Unmanaged<RouteRecord>?
  var routeHandler = 0
  /// `ctx.routerPath` as a middleware set it, in the context's memory; empty: the request's path.
  var otherRoutePath = egg_str()
  var routeCursor = 0
  var timings: [LayerTiming] = []

  // -- response
  var status: Int32 = 404
  var isStatusSet = false
  var responseHead = ResponseHead()
  var body = ResponseBody()
  var isAnswered = false
  /// Bytes of the answer's body; below 0 while nobody knows.
  var sentBytes = -1
  var isForgotten = false
  var takeover: Takeover?

  // -- memory and what other units keep here
  var arena = Arena()
  var objects: [UnsafeMutablePointer<egg_object>] = []
  var state: [egg_pair] = []
  var locals: [LocalSlot] = []
  var onceValues: [(member: UInt64, value: egg_value)] = []
  /// Methods under way on this context.
  var holds = 0
  var isChainOver = true
  var isConnectionOver = true
  /// For the report of a crash.
  let note: UnsafeMutablePointer<RequestNote>
  /// The kernel's own answer: units hear nothing of it.
  var isInternal = false
  /// W3C trace context, made when somebody asks for it.
  var trace: TraceIdentity?
  /// What the connection left behind when it went before the chain.
  var remains: Remains?

  init(worker: Worker) {
    self.worker = worker
    layers = worker.layers.entries
    fields = HeaderTable(capacity: worker.headerFieldLimit)
    base = Context.nothing
    note = RequestNote.make()
    frames.reserveCapacity(16)
    chainCall = worker.calls.take(for: self, holder: worker.kernelUnit, .chain)
  }

  var isAnonymous: Bool { connection == nil && remains == nil }

  /// Copies a tree from a unit into this context's memory.
  func adopt(_ value: egg_value) throws(TreeRefusal) -> egg_value {
    switch value.kind {
    case Kind.undefined, Kind.null, Kind.bool, Kind.int, Kind.double, Kind.time: value
    default: try TreeCopier.copy(value, into: &arena, objects: &objects)
    }
  }

  /// Copies an error from a unit into this context's memory.
  func adopt(_ error: UnsafePointer<egg_error>) -> UnsafePointer<egg_error> {
    guard let theirs = EggKernel.adopt(UnsafeRawPointer(error), as: egg_error.self),
      let copy = arena.array(of: egg_error.self, count: 1)
    else { return worker.malformedError }
    copy.initialize(to: theirs)
    copy.pointee.size = UInt32(MemoryLayout<egg_error>.size)
    copy.pointee.code = text(theirs.code)
    copy.pointee.message = text(theirs.message)
    copy.pointee.detail = text(theirs.detail)
    copy.pointee.properties = nil
    if let properties = theirs.properties, let map = try? adopt(properties.pointee),
      let place = arena.array(of: egg_value.self, count: 1)
    {
      place.initialize(to: map)
      copy.pointee.properties = UnsafePointer(place)
    }
    copy.pointee.cause = theirs.cause.map { $0 == error ? worker.malformedError : adoptCause($0) }
    return UnsafePointer(copy)
  }

  private func adoptCause(_ error: UnsafePointer<egg_error>) -> UnsafePointer<egg_error> {
    // One cause is kept; a chain of them could be endless.
    guard let theirs = EggKernel.adopt(UnsafeRawPointer(error), as: egg_error.self),
      let copy = arena.array(of: egg_error.self, count: 1)
    else { return worker.malformedError }
    copy.initialize(to: theirs)
    copy.pointee.code = text(theirs.code)
    copy.pointee.message = text(theirs.message)
    copy.pointee.detail = text(theirs.detail)
    copy.pointee.properties = nil
    copy.pointee.cause = nil
    return UnsafePointer(copy)
  }

  /// Arena copy of a text; empty when implausible or over the limit.
  func text(_ text: egg_str) -> egg_str {
    guard text.isPlausible, let copy = arena.copy(text.bytes) else { return egg_str() }
    return egg_str(copy)
  }

  func text(_ string: String) -> egg_str {
    var string = string
    return string.withUTF8 { bytes in
      guard let copy = arena.copy(bytes) else { return egg_str() }
      return egg_str(copy)
    }
  }

  /// A new error in this context's memory.
  func makeError(status: Int32, code: String, message: String, expose: Bool)
    -> UnsafePointer<egg_error>
  {
    guard let place = arena.array(of: egg_error.self, count: 1) else {
      return worker.malformedError
    }
    var error = egg_error()
    error.size = UInt32(MemoryLayout<egg_error>.size)
    error.http_status = status
    error.flags = expose ? UInt32(EGG_ERROR_EXPOSE) : 0
    error.code = text(code)
    error.message = text(message)
    place.initialize(to: error)
    return UnsafePointer(place)
  }

  // -- ctx.state

  func stateValue(_ name: egg_str) -> egg_value? {
    for pair in state where pair.key.len == name.len {
      if name.len == 0 || memcmp(pair.key.ptr!, name.ptr!, name.len) == 0 { return pair.value }
    }
    return nil
  }

  func setState(_ name: egg_str, _ value: egg_value) throws(TreeRefusal) {
    let copy = try adopt(value)
    for index in state.indices where state[index].key.len == name.len {
      if name.len == 0 || memcmp(state[index].key.ptr!, name.ptr!, name.len) == 0 {
        state[index].value = copy
        return
      }
    }
    guard state.count < 10_000 else { throw .tooLarge }
    state.append(egg_pair(key: text(name), value: copy))
  }

  // -- what units keep per context

  func local(_ key: UnsafeRawPointer) -> UnsafeMutableRawPointer? {
    for slot in locals where slot.key == key { return slot.value }
    return nil
  }

  func setLocal(
    _ key: UnsafeRawPointer, _ value: UnsafeMutableRawPointer?,
    release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
  ) {
    for index in locals.indices where locals[index].key == key {
      let old = locals[index]
      locals[index] = LocalSlot(key: key, value: value, release: release)
      old.release?(old.value)
      return
    }
    locals.append(LocalSlot(key: key, value: value, release: release))
  }

  /// Ends what hangs on the request: locals, objects, memory. The pool's last step.
  func reset() {
    if !locals.isEmpty {
      // A release may look at other locals, so all stay readable until they are all released.
      for slot in locals { slot.release?(slot.value) }
      while !locals.isEmpty { locals.removeLast() }
    }
    if !objects.isEmpty {
      for object in objects { object.pointee.ops.pointee.release(object) }
      objects.removeAll(keepingCapacity: true)
    }
    if !state.isEmpty { state.removeAll(keepingCapacity: true) }
    if !onceValues.isEmpty { onceValues.removeAll(keepingCapacity: true) }
    if !timings.isEmpty { timings.removeAll(keepingCapacity: true) }
    body.release()
    responseHead.reset()
    arena.reset()
    parsedBody = egg_value()
    hasRawBody = false
    if bodyErrand != nil { bodyErrand = nil }
    overriddenMethod = egg_str()
    cursor = 0
    phase = .idle
    pending = .none
    chainFailure = nil
    isCancelled = false
    lostNanoseconds = 0
    hasRouted = false
    route = nil
    routeHandler = 0
    routeCursor = 0
    otherRoutePath = egg_str()
    status = 404
    isStatusSet = false
    isAnswered = false
    isForgotten = false
    if let takeover = takeover.take() {
      // The stream was never handed over.
      takeover.ended(remains == nil ? .byUs : .reset)
    }
    connection = nil
    if ownHead != nil {
      ownHead = nil
      isSecure = false
    }
    if let left = remains.take(), let buffer = left.input { worker.buffers.giveBack(buffer) }
    base = Context.nothing
    trace = nil
    isInternal = false
    fields.reset()
    Unmanaged.passUnretained(chainCall!)._withUnsafeGuaranteedRef { call in
      call.spend()
      call.purpose = .chain
      call.failure = nil
    }
  }

  nonisolated(unsafe) private static let nothing =
    UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))
}

/// What a connection leaves to a request that goes on without it: the memory that views of the request
/// point into.
struct Remains {
  let connection: Connection
  let input: ByteBuffer?
  let bodyReader: BodyReader?
}

/// One pointer of one unit on one context.
struct LocalSlot {
  var key: UnsafeRawPointer
  var value: UnsafeMutableRawPointer?
  var release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
}
