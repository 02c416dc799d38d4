import Glibc

/// Replacing all workers, one after the other: a new one is started, and when it serves, the one
/// before answers what it has and ends.
final class Reload {
  private unowned let master: Master
  private var left: [Int]
  private var current: Int?
  private let count: Int
  private let started = monotonicNanoseconds()
  /// Told how it went, nil for success.
  private var then: [(String?) -> Void]

  init(_ master: Master, _ numbers: [Int], _ then: @escaping (String?) -> Void) {
    self.master = master
    left = numbers
    count = numbers.count
    self.then = [then]
  }

  func add(_ then: @escaping (String?) -> Void) { self.then.append(then) }

  func next() {
    guard !left.isEmpty else {
      let time = (monotonicNanoseconds() &- started) / 1_000_000
      if !master.options.isDevelopment {
        master.log.info("reloaded \(count) workers in \(time)ms")
      }
      return finish(nil)
    }
    let number = left.removeFirst()
    current = number
    let old = master.serving.first { $0.number == number }
    if master.start(.worker, number, replacing: old) == nil {
      fail("worker \(number) can't be started")
    }
  }

  func workerReady(_ child: ChildProcess) {
    guard child.number == current else { return }
    current = nil
    next()
  }

  /// The workers that are there serve on.
  func fail(_ reason: String) {
    if !master.options.isDevelopment { master.log.error("the reload stops: \(reason)") }
    finish(reason)
  }

  private func finish(_ failure: String?) {
    master.reload = nil
    for told in then { told(failure) }
    then = []
  }
}

extension Master {
  /// Starts a reload, or joins the one that runs.
  ///
  /// - Parameter then: gets nil when every worker is a new one, or why not.
  package func beginReload(_ reason: String, _ then: @escaping (String?) -> Void) {
    guard hasStarted, !isClosing else {
      return then(isClosing ? "the application is closing" : "the application has not started yet")
    }
    if let reload { return reload.add(then) }
    if !options.isDevelopment { log.info("reload: \(reason)") }
    // Who was given up, or died where nothing is kept alive, gets another chance.
    reforks = []
    hasToldLimit = false
    firstError = nil
    board.row(0)[number: Board.reloads] &+= 1
    let reload = Reload(self, Array(1...options.workers), then)
    self.reload = reload
    reload.next()
  }

  /// From now on it answers what it has and gets nothing new.
  func drain(_ child: ChildProcess) {
    guard child.state == .ready else { return }
    child.state = .draining
    child.channel.send(.drain)
    tellPids()
    let limit = settings.drainTimeout + settings.appCloseTimeout + 2_000
    _ = loop.schedule(after: limit) { [weak self, weak child] in
      guard let self, let child, children.contains(where: { $0 === child }) else { return }
      log.warning("\(child.name) (pid \(child.pid)) did not end after the reload and is killed")
      child.signal(SIGKILL)
    }
  }
}
