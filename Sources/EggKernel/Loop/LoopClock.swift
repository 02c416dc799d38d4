import Glibc

/// The two clocks the loop reads, as plain integers.
enum LoopClock {
  /// Nanoseconds of `CLOCK_MONOTONIC`, which never jumps and stands still while the machine is
  /// suspended. All timers count it, `Task.sleep` on the continuous clock included.
  @inline(__always)
  static func monotonic() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
      &+ UInt64(truncatingIfNeeded: time.tv_nsec)
  }

  /// Seconds since 1970, as of the last timer tick of the kernel (a few ms old, cheap to read).
  @inline(__always)
  static func wallSeconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return time.tv_sec
  }

  /// `base + delta`, held at the end of time instead of overflowing.
  @inline(__always)
  static func saturating(_ base: UInt64, adding delta: UInt64) -> UInt64 {
    let (sum, overflow) = base.addingReportingOverflow(delta)
    return overflow ? .max : sum
  }
}

extension LoopClock {
  /// Milliseconds as nanoseconds, between 0 and the end of time.
  @inline(__always)
  static func nanoseconds(_ milliseconds: Int) -> UInt64 {
    let product = UInt64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
    return product.overflow ? .max : product.partialValue
  }
}
