import EggKernel
import Glibc

nonisolated(unsafe) private var counter = 0
nonisolated(unsafe) private var selection: String?

private func nanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Prints the best of seven rounds, in nanoseconds per operation.
private func best(_ name: String, _ count: Int, _ body: (Int) -> Void) {
  if let selection, !name.hasPrefix(selection) { return }
  var least = UInt64.max
  for _ in 0..<7 {
    let start = nanoseconds()
    body(count)
    least = min(least, nanoseconds() - start)
  }
  print("\(name): \(Double(least) / Double(count)) ns")
}

/// As `best`, a hundred at a time, so that the queue stays as short as it is in real life.
private func bestInBatches(_ name: String, _ loop: EventLoop, _ body: () -> Void) {
  best(name, 200_000) { count in
    counter = 0
    while counter < count {
      let next = counter + 100
      for _ in 0..<100 { body() }
      drain(loop) { counter == next }
    }
  }
}

private func drain(_ loop: EventLoop, until condition: () -> Bool) {
  while !condition() { loop.runOnce(timeout: 100) }
}

@MainActor private func nothing() async { counter &+= 1 }
@concurrent private func away() async { counter &+= 1 }
private actor Other { func call() { counter &+= 1 } }

/// What the operations of the loop cost.
/// - Parameter only: measures only what begins with it.
func measure(on loop: EventLoop, only: String?) {
  selection = only
  best("Task.immediate that never suspends, in a callback", 200_000) { count in
    MainActor.assumeIsolated {
      for _ in 0..<count { Task.immediate { @MainActor in await nothing() } }
    }
  }
  best("Task.immediate, nonisolated", 200_000) { count in
    for _ in 0..<count { Task.immediateDetached { counter &+= 1 } }
  }
  best("MainActor.assumeIsolated in a callback", 200_000) { count in
    for _ in 0..<count { MainActor.assumeIsolated { counter &+= 1 } }
  }
  bestInBatches("Task on the main actor: create, enqueue, run", loop) {
    Task { @MainActor in counter &+= 1 }
  }
  measureHop("yield: enqueue and run of a job", loop, 200_000) { await Task.yield() }
  measureHop("call of a concurrent function and back", loop, 200_000) { await away() }
  let other = Other()
  measureHop("call of an idle actor and back", loop, 200_000) { await other.call() }
  bestInBatches("post on the loop and run", loop) { loop.post { counter &+= 1 } }
  measureForeign(loop)
  measureTimers(loop)
  best("one turn with nothing to do (epoll_wait, two clocks)", 200_000) { count in
    for _ in 0..<count { loop.runOnce(timeout: 0) }
  }
  measureEvents(loop)
  exit(0)
}

private func measureHop(
  _ name: String, _ loop: EventLoop, _ count: Int, _ hop: @escaping @MainActor () async -> Void
) {
  best(name, count) { count in
    nonisolated(unsafe) var isDone = false
    Task { @MainActor in
      for _ in 0..<count { await hop() }
      isDone = true
    }
    drain(loop) { isDone }
  }
}

private func measureForeign(_ loop: EventLoop) {
  let mailbox = loop.mailbox
  best("post from another thread, loop busy or asleep as it comes", 200_000) { count in
    counter = 0
    var thread = pthread_t()
    let context = Unmanaged.passUnretained(mailbox).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        let mailbox = Unmanaged<LoopMailbox>.fromOpaque(context!).takeUnretainedValue()
        for _ in 0..<200_000 { mailbox.post({ _ in counter &+= 1 }, nil) }
        return nil
      }, context)
    drain(loop) { counter == count }
    pthread_join(thread, nil)
  }
  let pool = BlockingPool(loop, threads: 1)
  best("blocking pool and back, one at a time", 5000) { count in
    nonisolated(unsafe) var isDone = false
    Task { @MainActor in
      for _ in 0..<count { try? await pool.run { counter &+= 1 } }
      isDone = true
    }
    drain(loop) { isDone }
  }
}

private func measureTimers(_ loop: EventLoop) {
  best("timer: schedule and cancel, 10000 others waiting", 100_000) { count in
    let others = (0..<10_000).map { number in loop.schedule(after: 10_000 + number % 977) {} }
    for number in 0..<count { loop.cancel(loop.schedule(after: 10_000 + number % 977) {}) }
    others.forEach { loop.cancel($0) }
  }
  best("timer: schedule and fire", 100_000) { count in
    counter = 0
    for _ in 0..<count { loop.schedule(after: 0) { counter &+= 1 } }
    drain(loop) { counter == count }
  }
  let nodes = (0..<10_000).map { _ in DeadlineNode() }
  best("deadline: move one of 10000", 1_000_000) { count in
    for number in 0..<count { loop.deadlines.arm(nodes[number % 10_000], in: 75_000) }
  }
  best("deadline: arm and remove", 1_000_000) { count in
    for number in 0..<count {
      loop.deadlines.remove(nodes[number % 10_000])
      loop.deadlines.arm(nodes[number % 10_000], in: 75_000)
    }
  }
  nodes.forEach { loop.deadlines.remove($0) }
}

/// Many ready descriptors at once: what one event costs beside its system calls.
private func measureEvents(_ loop: EventLoop) {
  var descriptors: [Int32] = []
  for _ in 0..<100 {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    descriptors += ends
    // Always writable, and reported every time.
    try? loop.register(ends[1], .write, ReadyHandler { _ in counter &+= 1 })
  }
  best("100 events in one turn, per event with its share of epoll_wait", 1_000_000) { count in
    counter = 0
    drain(loop) { counter >= count }
  }
  descriptors.forEach {
    loop.deregister($0)
    close($0)
  }
}
