import Glibc

extension Worker {
  /// Milliseconds between two looks at how late the loop is.
  static let beatInterval = 250

  /// Shows the master that the loop turns, and everybody how late it is.
  func startBeat() {
    var expected = monotonicNanoseconds()
    var turns = 0
    func beat() {
      let now = monotonicNanoseconds()
      let late = now > expected ? now &- expected : 0
      row[.beat] = now
      // The worst of some seconds fades slowly, so that a look from time to time finds it.
      row[.lag] = max(late, row[.lag] / 8 &* 7)
      row[.active] = UInt64(clamping: counters.active)
      if turns % 20 == 0 { row[.memory] = UInt64(clamping: ProcessMemory.resident(getpid())) }
      turns &+= 1
      expected = monotonicNanoseconds() &+ UInt64(Worker.beatInterval) &* 1_000_000
      _ = loop.schedule(after: Worker.beatInterval) { beat() }
    }
    row[.pid] = UInt64(getpid())
    if row[.started] == 0 { row[.started] = expected }
    beat()
  }
}
