import Glibc

/// Threads for work that blocks: file I/O, DNS, password hashing, C clients.
///
///     let pool = BlockingPool(loop)
///     let answer = pool.submit({ box.digest = hash(box.password) }, then: { finish(box) })
///     if answer != .accepted { … 503 … }
///
/// Threads start when there is work and none is idle. The queue is bounded: what does not fit is
/// refused at once, so that overload shows instead of piling up.
///
/// `@unchecked Sendable`: everything that changes is guarded by `lock`.
@safe package final class BlockingPool: @unchecked Sendable {
  /// What became of a submission.
  package enum Answer: Sendable {
    case accepted
    /// As many pieces wait as may.
    case full
    /// `close` was called, or the system refused the first thread.
    case unavailable
  }

  private struct Item {
    var work: Work?
    var completion: Work?
  }

  /// The most threads a pool may have.
  package static let threadLimit = 128

  private let mailbox: LoopMailbox
  private let maximumThreads: Int
  private let maximumWaiting: Int
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var items: [Item?] = []
  private var head = 0
  private var waiting = 0
  private var threads = 0
  private var idle = 0
  private var isClosed = false

  /// - Parameters:
  ///   - threads: 1 to 128; other values are moved into the range.
  ///   - queue: pieces of work that may wait for a thread.
  package init(_ loop: EventLoop, threads: Int = 4, queue: Int = 1024) {
    mailbox = loop.mailbox
    maximumThreads = min(max(1, threads), Self.threadLimit)
    maximumWaiting = max(1, queue)
    unsafe lock = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  deinit {
    // Every thread holds the pool, so none is left here.
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(lock)
    unsafe changed.deallocate()
    unsafe lock.deallocate()
  }

  /// Runs `work` on a thread of the pool, then `completion` on the loop. Any thread.
  package func submit(
    _ work: @escaping @Sendable () -> Void, then completion: (@Sendable () -> Void)? = nil
  ) -> Answer {
    submit(Item(work: .closure(work), completion: completion.map { .closure($0) }))
  }

  /// The C form: `work(context)` on a thread of the pool, then `completion(context)` on the loop.
  package func submit(
    _ work: @escaping LoopFunction, then completion: LoopFunction?,
    _ context: UnsafeMutableRawPointer?
  ) -> Answer {
    unsafe submit(
      Item(
        work: .function(work, context),
        completion: completion.map { unsafe .function($0, context) }))
  }

  /// Runs `work` on a thread of the pool and returns its result.
  /// - Throws: what `work` throws; `LoopError.poolRefused` when it was not accepted.
  package func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await unsafe withUnsafeThrowingContinuation { continuation in
      let answer = submit({ unsafe continuation.resume(with: Result(catching: work)) })
      if answer != .accepted {
        unsafe continuation.resume(
          throwing: LoopError(
            code: .poolRefused, errorNumber: 0, operation: "blocking pool is \(answer)"))
      }
    }
  }

  /// Accepts nothing more; what waits is still run, then the threads end. Any thread.
  package func close() {
    locked {
      isClosed = true
      unsafe pthread_cond_broadcast(changed)
    }
  }

  /// How many pieces wait and how many threads there are, idle ones included; for metrics.
  package var load: (waiting: Int, threads: Int, idle: Int) {
    locked { (waiting, threads, idle) }
  }

  private func submit(_ item: Item) -> Answer {
    locked {
      if isClosed { return .unavailable }
      if waiting >= maximumWaiting { return .full }
      // An idle thread that was already signalled still counts as idle, hence the comparison.
      if idle <= waiting, threads < maximumThreads, !startThread(), threads == 0 {
        return .unavailable
      }
      append(item)
      unsafe pthread_cond_signal(changed)
      return .accepted
    }
  }

  private func append(_ item: Item) {
    if waiting == items.count {
      // Full or new: rotate the oldest to the front, then double.
      items = Array(items[head...] + items[..<head])
      head = 0
      items.append(contentsOf: repeatElement(nil, count: max(16, items.count)))
    }
    items[(head + waiting) % items.count] = item
    waiting += 1
  }

  private func takeNext() -> Item? {
    locked {
      idle += 1
      while waiting == 0 && !isClosed { unsafe pthread_cond_wait(changed, lock) }
      idle -= 1
      guard waiting > 0 else {
        threads -= 1
        return nil
      }
      let item = items[head]
      items[head] = nil
      head = (head + 1) % items.count
      waiting -= 1
      return item
    }
  }

  private func work() {
    while var item = takeNext() {
      perform(&item.work)
      if item.completion != nil { mailbox.enqueueForeign(&item.completion) }
    }
  }

  /// Runs the work and lets go of it before the completion is posted: what both hold is then
  /// released on the loop.
  private func perform(_ work: inout Work?) {
    switch work.take() {
    case nil: break
    case .closure(let closure): closure()
    case .function(let function, let context): unsafe function(context)
    case .mainJob, .freeJob: preconditionFailure("Swift jobs run on the loop")
    }
  }

  private func startThread() -> Bool {
    // Signals are the loop's; a new thread inherits the mask it is born under.
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }

    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { unsafe pthread_attr_destroy(&attributes) }

    var thread = pthread_t()
    let pool = unsafe Unmanaged.passRetained(self)
    let code = unsafe pthread_create(
      &thread, &attributes,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<BlockingPool>.fromOpaque(context).takeRetainedValue().work()
        return nil
      }, pool.toOpaque())
    guard code == 0 else {
      unsafe pool.release()
      return false
    }
    threads += 1
    return true
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return body()
  }
}
