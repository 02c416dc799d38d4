import Glibc

/// Lines that wait for one descriptor, in raw memory that a signal handler can read.
///
/// The loop's thread alone changes a slot. It writes the bytes of a line first and counts them last,
/// so whoever interrupts it finds whole lines, except for the one being appended.
struct LogSlot {
  var descriptor: Int32
  var start: UnsafeMutablePointer<UInt8>?
  /// Where the waiting bytes begin and end.
  var head = 0
  var end = 0
  var capacity = 0
  /// The slot that was made before this one.
  var next: UnsafeMutablePointer<LogSlot>?
}

/// What is left of the log when the process ends without its loop: a Swift trap, a bad address,
/// `abort`, or an exit from somewhere deep.
package enum LogCrash {
  private nonisolated(unsafe) static var slots: UnsafeMutablePointer<LogSlot>?
  private nonisolated(unsafe) static var previous = UnsafeMutablePointer<sigaction>.allocate(
    capacity: 65)
  private nonisolated(unsafe) static var isInstalled = false

  static func add(_ slot: UnsafeMutablePointer<LogSlot>) {
    slot.pointee.next = slots
    slots = slot
  }

  static func remove(_ slot: UnsafeMutablePointer<LogSlot>) {
    guard let first = slots else { return }
    if first == slot {
      slots = slot.pointee.next
      return
    }
    var place = first
    while let next = place.pointee.next {
      if next == slot {
        place.pointee.next = slot.pointee.next
        return
      }
      place = next
    }
  }

  /// Writes what every log has collected. Async-signal-safe: only `write`, no lock, no memory.
  ///
  /// For handlers of fatal signals; everybody else flushes the log itself.
  package static func flush() {
    var slot = slots
    while let one = slot {
      guard let start = one.pointee.start, one.pointee.descriptor >= 0 else {
        slot = one.pointee.next
        continue
      }
      while one.pointee.head < one.pointee.end {
        let written = write(
          one.pointee.descriptor, start + one.pointee.head, one.pointee.end &- one.pointee.head)
        if written > 0 {
          one.pointee.head &+= written
        } else if errno != EINTR {
          break
        }
      }
      slot = one.pointee.next
    }
  }

  /// Flushes before a fatal signal does what it did so far: end the process, print a backtrace.
  ///
  /// Once for a process; a handler that is set later calls `flush` itself.
  package static func installHandlers() {
    guard !isInstalled else { return }
    isInstalled = true
    // A stack of its own, or the overflow of the ordinary one could not be handled.
    var known = stack_t()
    if sigaltstack(nil, &known) == 0, Int(known.ss_flags) & Int(SS_DISABLE) != 0 {
      var stack = stack_t()
      stack.ss_size = 64 * 1024
      stack.ss_sp = malloc(64 * 1024)
      sigaltstack(&stack, nil)
    }
    for signal in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT] {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { signal, info, _ in
        LogCrash.flush()
        sigaction(signal, &LogCrash.previous[Int(signal)], nil)
        // A faulting instruction runs again and meets the earlier action; a signal that was sent,
        // and a breakpoint, have to be raised for it.
        let isFault = (info?.pointee.si_code ?? 0) > 0
        if !isFault || signal == SIGTRAP || signal == SIGABRT { raise(signal) }
      }
      action.sa_flags = SA_SIGINFO | SA_ONSTACK
      sigaction(signal, &action, &previous[Int(signal)])
    }
    atexit { LogCrash.flush() }
  }
}
