import Glibc

// Stands for a plugin: a Swift library of its own, without the kernel in it, that is opened with
// dlopen while the loop runs and uses everything Swift's concurrency has.

/// Called for every check: its name, and whether it held.
public typealias Report = @convention(c) @Sendable (UnsafePointer<CChar>, Bool) -> Void

private actor Counter {
  private var value = 0
  func next() -> (Int, pthread_t) {
    value += 1
    return (value, pthread_self())
  }
}

@MainActor private var mainCalls = 0

@MainActor private func onMain() -> pthread_t {
  mainCalls += 1
  return pthread_self()
}

@concurrent private func concurrently() async -> pthread_t { pthread_self() }

/// Starts a task in this library; `finished` follows the last report.
@_cdecl("loop_probe_library_start")
public func start(
  _ report: @escaping Report, _ finished: @escaping @convention(c) @Sendable () -> Void
) {
  let loop = pthread_self()
  Task.immediate { @MainActor in
    report("library immediate", pthread_self() == loop)
    let counter = Counter()
    let turn = await counter.next()
    report("library actor", turn == (1, loop))
    report("library main actor", await Task.detached { await onMain() }.value == loop)
    report("library detached", await Task.detached { pthread_self() }.value == loop)
    report("library concurrent", await concurrently() == loop)
    async let child = concurrently()
    report("library async let", await child == loop)
    let threads = await withTaskGroup(of: pthread_t.self) { group in
      for _ in 0..<10 { group.addTask { await counter.next().1 } }
      var threads: Set<pthread_t> = []
      for await thread in group { threads.insert(thread) }
      return threads
    }
    report("library task group", threads == [loop])
    try? await Task.sleep(for: .milliseconds(2))
    report("library sleep", pthread_self() == loop)
    finished()
  }
}
