import Glibc
import Synchronization

/// When a statement has to give up: because nobody wants it any more, or it took too long.
nonisolated final class SQLiteStop: Sendable {
  private let isCancelled = Atomic<Bool>(false)
  /// Of the clock that never goes back; 0 is none.
  private let deadline: UInt64

  /// - Parameter timeout: milliseconds; 0 is no limit.
  init(timeout: Int) {
    deadline = timeout > 0 ? Self.now + UInt64(timeout) * 1_000_000 : 0
  }

  /// Any thread, at any time: also before the statement has begun.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  var wasCancelled: Bool { isCancelled.load(ordering: .relaxed) }
  var isLate: Bool { deadline > 0 && Self.now >= deadline }

  static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
