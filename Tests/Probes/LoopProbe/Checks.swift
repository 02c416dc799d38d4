import Dispatch
import EggKernel
import Glibc
@_spi(ExperimentalCustomExecutors) import _Concurrency

nonisolated(unsafe) private var failures = 0
nonisolated(unsafe) private var loopThread = pthread_self()

private func report(_ name: String, _ isTrue: Bool) {
  let line = isTrue ? "ok \(name)\n" : "FAILED \(name)\n"
  // Not `print`, whose buffer would be lost in a crash.
  _ = line.withCString { write(STDOUT_FILENO, $0, strlen($0)) }
  if !isTrue { failures += 1 }
}

private func onLoop(_ name: String) { report(name, pthread_self() == loopThread) }

private actor Counter {
  private(set) var value = 0
  func add() -> pthread_t {
    value += 1
    return pthread_self()
  }
}

@MainActor private func onMain() -> pthread_t { pthread_self() }
@concurrent private func concurrently() async -> pthread_t { pthread_self() }
nonisolated private func nowhere() async -> pthread_t { pthread_self() }

/// Runs every check and ends the process: 0, or 1 after a failure.
/// - Parameter library: path of LoopProbeLibrary, nil leaves it out.
func check(on loop: EventLoop, library: String?) {
  loopThread = pthread_self()
  // Nothing here takes a tenth of this; a lost wake-up would otherwise hang the test.
  loop.schedule(after: 20_000) {
    report("timeout", false)
    exit(1)
  }
  MainActor.assumeIsolated { onLoop("assumeIsolated before run") }
  checkOrder(loop)
  checkRunUntil(loop)
  loop.schedule(after: 1) {
    MainActor.assumeIsolated { onLoop("assumeIsolated in a timer") }
    Task { @MainActor in
      let loop = EventLoop.current
      await checkTasks()
      await checkSleep()
      await checkForeign(loop)
      await checkSignals(loop)
      await checkPool(loop)
      if let library { await checkLibrary(library) }
      report("nothing ran elsewhere", pthread_self() == loopThread)
      loop.stop()
    }
  }
  loop.run()
  exit(failures == 0 ? 0 : 1)
}

/// Jobs and posts keep the order in which they were enqueued.
private func checkOrder(_ loop: EventLoop) {
  var seen: [Int] = []
  for number in 0..<3000 { loop.post { seen.append(number) } }
  loop.post { report("posts keep their order", seen == Array(0..<3000)) }
}

/// A condition that a task makes true ends the nested run, without another event.
private func checkRunUntil(_ loop: EventLoop) {
  nonisolated(unsafe) var isTrue = false
  Task { @MainActor in isTrue = true }
  try? MainActor.executor.runUntil { isTrue }
  report("runUntil ends with its condition", isTrue)
}

@MainActor private func checkTasks() async {
  var ranInside = false
  Task.immediate { ranInside = true }
  report("immediate runs before it returns", ranInside)

  let immediate = Task.immediate { @MainActor in
    await Task.yield()
    return pthread_self()
  }
  report("immediate resumes on the loop", await immediate.value == loopThread)
  report("Task", await Task { pthread_self() }.value == loopThread)
  report("detached", await Task.detached { pthread_self() }.value == loopThread)
  report("detached to the main actor", await Task.detached { await onMain() }.value == loopThread)
  report("nonisolated function", await nowhere() == loopThread)
  report("concurrent function", await concurrently() == loopThread)

  let counter = Counter()
  report("actor", await counter.add() == loopThread)
  async let first = counter.add()
  async let second = concurrently()
  report("async let", await [first, second] == [loopThread, loopThread])

  let threads = await withTaskGroup(of: pthread_t.self) { group in
    for _ in 0..<1000 { group.addTask { await counter.add() } }
    var threads: Set<pthread_t> = []
    for await thread in group { threads.insert(thread) }
    return threads
  }
  report("task group", threads == [loopThread])
  report("actor state", await counter.value == 1002)

  let (numbers, continuation) = AsyncStream<Int>.makeStream()
  Task.detached {
    for number in 1...100 {
      continuation.yield(number)
      if number % 10 == 0 { await Task.yield() }
    }
    continuation.finish()
  }
  var sum = 0
  for await number in numbers { sum += number }
  report("AsyncStream", sum == 5050 && pthread_self() == loopThread)
}

@MainActor private func checkSleep() async {
  let clock = ContinuousClock()
  let start = clock.now
  try? await Task.sleep(for: .milliseconds(20))
  report("sleep is not shorter than asked", clock.now - start >= .milliseconds(20))
  onLoop("sleep")
  try? await Task.sleep(until: clock.now + .milliseconds(2), clock: .continuous)
  onLoop("sleep until")
  try? await Task.sleep(for: .milliseconds(2), clock: .suspending)
  onLoop("sleep on the suspending clock")
  try? await Task.sleep(nanoseconds: 1_000_000)
  onLoop("sleep in nanoseconds")
  await Task.detached { try? await Task.sleep(for: .milliseconds(2)) }.value
  onLoop("sleep of a detached task")

  let long = Task { try await Task.sleep(for: .seconds(3600)) }
  await Task.yield()
  long.cancel()
  if case .failure(let error) = await long.result {
    report("sleep can be cancelled", error is CancellationError)
  } else {
    report("sleep can be cancelled", false)
  }

  // Woken in the order of their deadlines, not of their start.
  let order = await withTaskGroup(of: Int.self) { group in
    for number in [30, 10, 20] {
      group.addTask {
        try? await Task.sleep(for: .milliseconds(number))
        return number
      }
    }
    var order: [Int] = []
    for await number in group { order.append(number) }
    return order
  }
  report("sleeps end in order", order == [10, 20, 30])
}

/// Starts a plain thread, which Swift's concurrency knows nothing of.
private func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { context in
      Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().body()
      return nil
    }, Unmanaged.passRetained(Box(body)).toOpaque())
  pthread_detach(thread)
}

@MainActor private func checkForeign(_ loop: EventLoop) async {
  let mailbox = loop.mailbox
  let resumed = await withCheckedContinuation { continuation in
    startThread {
      usleep(5000)  // long enough for the loop to fall asleep
      continuation.resume(returning: mailbox.isOnLoop)
    }
  }
  report("continuation from another thread", !resumed && pthread_self() == loopThread)

  let posted = await withCheckedContinuation { continuation in
    startThread {
      usleep(5000)
      mailbox.post { continuation.resume(returning: pthread_self()) }
    }
  }
  report("post from another thread", posted == loopThread)

  nonisolated(unsafe) var seen = [0, 0, 0, 0]
  nonisolated(unsafe) var inOrder = true
  await withCheckedContinuation { continuation in
    nonisolated(unsafe) var left = 4
    for thread in 0..<4 {
      startThread {
        for number in 1...20_000 {
          mailbox.post {
            inOrder = inOrder && seen[thread] == number - 1
            seen[thread] = number
          }
        }
        mailbox.post {
          left -= 1
          if left == 0 { continuation.resume() }
        }
      }
    }
  }
  report("80000 posts of four threads", inOrder && seen == [20_000, 20_000, 20_000, 20_000])

  let started = await withCheckedContinuation { continuation in
    startThread { Task { continuation.resume(returning: pthread_self()) } }
  }
  report("Task made on another thread", started == loopThread)
  let slept = await withCheckedContinuation { continuation in
    startThread {
      Task.immediateDetached {
        // Runs on the foreign thread up to here, so the sleep is requested from there.
        try? await Task.sleep(for: .milliseconds(2))
        continuation.resume(returning: pthread_self())
      }
    }
  }
  report("sleep begun on another thread", slept == loopThread)

  let dispatched = await withCheckedContinuation { continuation in
    DispatchQueue.main.async {
      MainActor.assumeIsolated { continuation.resume(returning: pthread_self()) }
    }
  }
  report("DispatchQueue.main", dispatched == loopThread)
  let remote = await withCheckedContinuation { continuation in
    startThread {
      usleep(5000)
      DispatchQueue.main.async { continuation.resume(returning: pthread_self()) }
    }
  }
  report("DispatchQueue.main from another thread", remote == loopThread)
  let delayed = await withCheckedContinuation { continuation in
    DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(3)) {
      continuation.resume(returning: pthread_self())
    }
  }
  report("DispatchQueue.main after a delay", delayed == loopThread)
  // Twice, because the descriptor is edge-triggered and never read.
  var again = 0
  for _ in 0..<100 {
    await withCheckedContinuation { continuation in
      DispatchQueue.main.async { continuation.resume() }
    }
    again += 1
  }
  report("DispatchQueue.main a hundred times", again == 100)
}

@MainActor private func checkSignals(_ loop: EventLoop) async {
  var hits = 0
  do {
    let thread: pthread_t = await withCheckedContinuation { continuation in
      do {
        try loop.onSignal(SIGUSR1) {
          hits += 1
          if hits == 1 { continuation.resume(returning: pthread_self()) }
        }
        startThread {
          usleep(5000)
          kill(getpid(), SIGUSR1)
        }
      } catch {
        continuation.resume(returning: 0)
      }
    }
    report("signal", thread == loopThread && hits == 1)
    raise(SIGUSR1)
    raise(SIGUSR1)
    try await Task.sleep(for: .milliseconds(2))
    report("signals that arrive together count once", hits == 2)
    try loop.resetSignal(SIGUSR1)
  } catch {
    report("signal", false)
  }
  do {
    try loop.onSignal(SIGKILL) {}
    report("SIGKILL is refused", false)
  } catch {
    report("SIGKILL is refused", error.code == .signal)
  }
  var ends: [Int32] = [0, 0]
  pipe(&ends)
  close(ends[0])
  report("SIGPIPE does not end the process", write(ends[1], "x", 1) == -1 && errno == EPIPE)
  close(ends[1])
}

@MainActor private func checkPool(_ loop: EventLoop) async {
  let pool = BlockingPool(loop, threads: 2)
  let mailbox = loop.mailbox
  let result = try? await pool.run { mailbox.isOnLoop ? -1 : 42 }
  report("blocking pool", result == 42 && pthread_self() == loopThread)
  struct Refusal: Error {}
  do {
    try await pool.run { throw Refusal() }
    report("blocking pool throws on", false)
  } catch {
    report("blocking pool throws on", error is Refusal)
  }
  pool.close()
}

@MainActor private func checkLibrary(_ path: String) async {
  typealias Start =
    @convention(c) (
      @convention(c) (UnsafePointer<CChar>, Bool) -> Void, @convention(c) () -> Void
    ) -> Void
  guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE),
    let symbol = dlsym(handle, "loop_probe_library_start")
  else {
    report("library opens: \(String(cString: dlerror()))", false)
    return
  }
  await withCheckedContinuation { continuation in
    libraryFinished = continuation
    unsafeBitCast(symbol, to: Start.self)(
      { name, isTrue in report(String(cString: name), isTrue) },
      {
        libraryFinished?.resume()
        libraryFinished = nil
      })
  }
}

nonisolated(unsafe) private var libraryFinished: CheckedContinuation<Void, Never>?
