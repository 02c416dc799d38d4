import Glibc

/// What a crash report needs of a request, in plain memory: a signal handler may look at nothing else.
///
/// One for each context that was ever made, in a list that only grows.
struct RequestNote {
  var next: UnsafeMutablePointer<RequestNote>?
  /// The request's head: `METHOD TARGET VERSION`, up to the line end.
  var line: UnsafePointer<UInt8>?
  var lineLength = 0
  var route: UnsafePointer<UInt8>?
  var routeLength = 0
  var started: UInt64 = 0
  var number: UInt64 = 0
  var isActive = false

  fileprivate nonisolated(unsafe) static var first: UnsafeMutablePointer<RequestNote>?
  /// The request whose code runs, or ran last.
  nonisolated(unsafe) static var current: UnsafeMutablePointer<RequestNote>?

  static func make() -> UnsafeMutablePointer<RequestNote> {
    let note = UnsafeMutablePointer<RequestNote>.allocate(capacity: 1)
    note.initialize(to: RequestNote())
    note.pointee.next = first
    first = note
    return note
  }
}

extension Application {
  /// From now on a crash says which requests were running.
  package func reportCrashes() { CrashReport.install(worker) }
}

extension Context {
  /// The request is about to run.
  @inline(__always)
  func noteBegin() {
    note.pointee.line = base
    note.pointee.lineLength = min(head.length, 512)
    note.pointee.routeLength = 0
    note.pointee.started = startedNanoseconds
    note.pointee.number = worker.counters.requests
    note.pointee.isActive = true
    RequestNote.current = note
  }
}

/// Says which requests were running when a process crashes, before Swift's own backtrace.
///
///     2026-05-01 10:20:30,123 ERROR 4711 crashed with SIGTRAP while running:
///       request 17, 3 ms: GET /users/7 HTTP/1.1 (route /users/:id)
///
/// Everything in the handler is async-signal-safe (signal-safety(7)): plain memory, `write`,
/// `clock_gettime`, `sigaction`, `raise`.
enum CrashReport {
  private static let signals: [Int32] = [SIGSEGV, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE]
  /// The handlers so far (Swift's backtracer), by signal number.
  private nonisolated(unsafe) static let earlier = UnsafeMutablePointer<sigaction>.allocate(
    capacity: 65)
  private nonisolated(unsafe) static let text = UnsafeMutablePointer<UInt8>.allocate(capacity: 4096)
  private nonisolated(unsafe) static var length = 0
  private nonisolated(unsafe) static var isRunning = false
  private nonisolated(unsafe) static var pid: Int32 = 0

  static func install(_ worker: Worker) {
    pid = getpid()
    length = 0
    isRunning = false
    earlier.initialize(repeating: sigaction(), count: 65)
    text.initialize(repeating: 0, count: 4096)
    giveHandlersAStack()
    for signal in signals {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { signal, info, context in
        CrashReport.report(signal)
        CrashReport.handOn(signal, info, context)
      }
      action.sa_flags = SA_SIGINFO | SA_ONSTACK | Int32(bitPattern: UInt32(SA_NODEFER))
      sigaction(signal, &action, earlier + Int(signal))
    }
  }

  /// The overflow of the ordinary stack could not be handled on it. Swift's backtracer has set one
  /// already where it is on.
  private static func giveHandlersAStack() {
    var known = stack_t()
    guard sigaltstack(nil, &known) == 0, Int(known.ss_flags) & Int(SS_DISABLE) != 0 else { return }
    var stack = stack_t()
    stack.ss_size = 64 * 1024
    stack.ss_sp = malloc(64 * 1024)
    sigaltstack(&stack, nil)
  }

  /// Swift's backtracer gets the same signal with the same context.
  private static func handOn(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
  ) {
    let before = earlier + Int(signal)
    if before.pointee.sa_flags & SA_SIGINFO != 0,
      let handler = before.pointee.__sigaction_handler.sa_sigaction
    {
      handler(signal, info, context)
    }
    // The system's own action ends the process, with this signal for the master to see.
    var standard = sigaction()
    sigaction(signal, &standard, nil)
    raise(signal)
  }

  private static func report(_ signal: Int32) {
    // A crash in here, or in another thread at the same time.
    guard !isRunning else { return }
    isRunning = true
    LogCrash.flush()
    append("\negg: process ")
    append(UInt64(UInt32(bitPattern: pid)))
    append(" crashed with ")
    append(name(signal))
    append(" while running:\n")
    var count = 0
    if let current = RequestNote.current, current.pointee.isActive {
      append(current, "  request ")
      count += 1
    }
    var note = RequestNote.first
    while let each = note, count < 12 {
      if each.pointee.isActive, each != RequestNote.current {
        append(each, "  also under way: request ")
        count += 1
      }
      note = each.pointee.next
    }
    if count == 0 { append("  no request\n") }
    flush()
  }

  private static func append(_ note: UnsafeMutablePointer<RequestNote>, _ title: StaticString) {
    append(title)
    append(note.pointee.number)
    append(", ")
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let time = UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    append((time &- note.pointee.started) / 1_000_000)
    append(" ms: ")
    if let line = note.pointee.line {
      var index = 0
      while index < note.pointee.lineLength {
        let byte = line[index]
        if byte == 0x0D || byte == 0x0A { break }
        append(byte: byte >= 0x20 && byte < 0x7F ? byte : UInt8(ascii: "?"))
        index &+= 1
      }
    }
    if note.pointee.routeLength > 0, let route = note.pointee.route {
      append(" (route ")
      for index in 0..<note.pointee.routeLength { append(byte: route[index]) }
      append(")")
    }
    append("\n")
  }

  private static func append(byte: UInt8) {
    if length == 4096 { flush() }
    text[length] = byte
    length &+= 1
  }

  private static func append(_ string: StaticString) {
    for index in 0..<string.utf8CodeUnitCount { append(byte: string.utf8Start[index]) }
  }

  private static func append(_ number: UInt64) {
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }

  private static func flush() {
    var done = 0
    while done < length {
      let count = Glibc.write(2, text + done, length - done)
      if count <= 0 { break }
      done += count
    }
    length = 0
  }

  private static func name(_ signal: Int32) -> StaticString {
    switch signal {
    case SIGSEGV: "SIGSEGV"
    case SIGILL: "SIGILL"
    case SIGTRAP: "SIGTRAP"
    case SIGABRT: "SIGABRT"
    case SIGBUS: "SIGBUS"
    default: "SIGFPE"
    }
  }
}
