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

  /// Flushes at an exit that the loop knows nothing of. Fatal signals are `CrashReport`'s.
  package static func flushAtExit() {
    guard !isInstalled else { return }
    isInstalled = true
    atexit { LogCrash.flush() }
  }
}
