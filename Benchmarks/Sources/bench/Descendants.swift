import Foundation

/// The processes that this one started, and those that they started.
///
/// `bench` adopts orphans (see `linux_adopt_orphans`), so a server that detaches stays among them.
enum Descendants {
  /// All processes below `root`, without itself, parents before children.
  static func of(_ root: pid_t) -> [ProcessRecord] {
    below(root, in: ProcessRecord.all())
  }

  static func below(_ root: pid_t, in all: [ProcessRecord]) -> [ProcessRecord] {
    let children = Dictionary(grouping: all, by: \.parent)
    var found: [ProcessRecord] = []
    var seen: Set<pid_t> = [root]
    var waiting = [root]
    while let next = waiting.popLast() {
      for child in children[next] ?? [] where seen.insert(child.id).inserted {
        found.append(child)
        waiting.append(child.id)
      }
    }
    return found
  }

  /// Ends a process and all below it: SIGTERM to it, SIGKILL to what is left after the patience.
  static func end(_ root: pid_t, patience: Double = 2) {
    var members = [root] + of(root).map(\.id)
    if patience > 0 {
      kill(root, SIGTERM)
      let end = Clock.seconds() + patience
      while Clock.seconds() < end, members.contains(where: isRunning) {
        usleep(2000)
        reap(members)
      }
    }
    members = Array(Set(members + of(root).map(\.id)))
    for member in members where isRunning(member) { kill(member, SIGKILL) }
    let end = Clock.seconds() + 2
    while Clock.seconds() < end, members.contains(where: { ProcessRecord(id: $0) != nil }) {
      reap(members)
      usleep(500)
    }
  }

  /// Ends every process that this one started, at once.
  static func endAll() {
    for _ in 0..<500 {
      let left = of(getpid())
      if left.isEmpty { return }
      for record in left where !record.isZombie { kill(record.id, SIGKILL) }
      reap(left.map(\.id))
      usleep(2000)
    }
  }

  /// From now on SIGINT, SIGTERM and SIGHUP end everything that was started, then this process.
  static func endAllOnSignals(removing folder: String) {
    let signals = [SIGINT, SIGTERM, SIGHUP]
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    Thread.detachNewThread {
      var set = sigset_t()
      sigemptyset(&set)
      for signal in signals { sigaddset(&set, signal) }
      var signal: Int32 = 0
      while sigwait(&set, &signal) != 0 {}
      endAll()
      try? FileManager.default.removeItem(atPath: folder)
      _exit(128 + signal)
    }
  }

  private static func isRunning(_ id: pid_t) -> Bool {
    ProcessRecord(id: id).map { !$0.isZombie } ?? false
  }

  /// Takes the exit status of our ended children, so that their numbers are given back.
  private static func reap(_ ids: [pid_t]) {
    for id in ids { waitpid(id, nil, WNOHANG) }
  }
}

/// Monotonic time.
enum Clock {
  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
