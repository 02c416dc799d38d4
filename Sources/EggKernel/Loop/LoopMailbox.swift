import Glibc
import LinuxHeaders
import Synchronization

/// Where work for the loop arrives, from any thread.
///
///     let mailbox = loop.mailbox          // Sendable; keep it on the other thread
///     mailbox.post { counter += 1 }       // runs on the loop, in the order of posting
///
/// On the loop thread work goes into a plain ring: no lock, no system call. From other threads it
/// goes into a locked list, and a loop that sleeps is woken through an eventfd, at most once per
/// sleep.
///
/// `@unchecked Sendable`: `local` is touched on the loop thread only (every path checks `isOnLoop`
/// or is called by the loop itself), everything else is locked or atomic.
@safe package final class LoopMailbox: @unchecked Sendable {
  let wakeDescriptor: Int32
  let loopThread: pthread_t
  /// Unchecked exclusivity: `push` and `pop` call nothing that could come back here, and the
  /// dynamic check would cost more than they do.
  @exclusivity(unchecked) var local = WorkRing()

  private let foreign = Mutex<[Work]>([])
  private let hasForeign = Atomic<Bool>(false)
  private let asleep = Atomic<Bool>(false)
  private var spare: [Work] = []

  /// Makes the calling thread the loop thread.
  init() throws(LoopError) {
    wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    loopThread = pthread_self()
    guard wakeDescriptor >= 0 else {
      throw LoopError(code: .resources, errorNumber: errno, operation: "eventfd()")
    }
  }

  deinit { close(wakeDescriptor) }

  /// Whether the caller runs on the loop thread.
  package var isOnLoop: Bool { pthread_self() == loopThread }

  /// Runs `job` on the loop after everything posted before it. Any thread.
  package func post(_ job: @escaping @Sendable () -> Void) {
    enqueue(.closure(job))
  }

  /// Runs `function(context)` on the loop after everything posted before it. Any thread; the
  /// caller answers for what `context` points at until then.
  package func post(_ function: @escaping LoopFunction, _ context: UnsafeMutableRawPointer?) {
    unsafe enqueue(.function(function, context))
  }

  @inline(__always)
  func enqueue(_ work: consuming Work) {
    if isOnLoop {
      unsafe local.push(work)
    } else {
      var work: Work? = consume work
      enqueueForeign(&work)
    }
  }

  /// Moves the work out of the caller's hands under the lock, so that what it holds is released on
  /// the loop and never by the posting thread afterwards.
  @inline(never)
  func enqueueForeign(_ work: inout Work?) {
    foreign.withLock { list in
      if let work = work.take() { list.append(work) }
    }
    // Sequentially consistent, as in `prepareToSleep`: of "there is work" and "I sleep" at least
    // one is seen by the other side.
    hasForeign.store(true, ordering: .sequentiallyConsistent)
    wakeIfAsleep()
  }

  /// Ends the loop's sleep, if it sleeps. Any thread, and safe in a signal handler.
  func wakeIfAsleep() {
    guard asleep.load(ordering: .sequentiallyConsistent),
      asleep.exchange(false, ordering: .sequentiallyConsistent)
    else { return }
    _ = eventfd_write(wakeDescriptor, 1)
  }

  /// Moves what other threads posted behind the local work. Loop thread.
  @inline(__always)
  func collectForeign() {
    if hasForeign.load(ordering: .relaxed) { moveForeign() }
  }

  /// Announces a sleep; false when work arrived meanwhile, then the loop must not sleep.
  /// Loop thread. `endSleep()` follows in both cases.
  func prepareToSleep() -> Bool {
    asleep.store(true, ordering: .sequentiallyConsistent)
    return !hasForeign.load(ordering: .sequentiallyConsistent)
  }

  func endSleep() {
    asleep.store(false, ordering: .relaxed)
  }

  private func moveForeign() {
    // Cleared before the list is taken: a post in between raises it again.
    hasForeign.store(false, ordering: .sequentiallyConsistent)
    foreign.withLock { swap(&$0, &spare) }
    for work in spare { unsafe local.push(work) }
    spare.removeAll(keepingCapacity: true)
  }
}
