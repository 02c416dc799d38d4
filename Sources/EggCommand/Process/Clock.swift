import Glibc

/// Monotonic time, as the kernel counts it.
enum Clock {
  static var nanoseconds: UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
  }

  /// `3.2 s`.
  static func seconds(since start: UInt64) -> String {
    let tenths = (nanoseconds &- start) / 100_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
