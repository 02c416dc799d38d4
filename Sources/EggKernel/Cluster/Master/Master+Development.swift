import Glibc

/// What `egg dev` needs of a master: no agent, one worker that comes when there is something to run, and
/// an open socket meanwhile.
extension Master {
  /// In place of `run`. Nothing is started before the first `replaceWorker`.
  package func develop() {
    hasStarted = true
    _ = loop.schedule(every: 250) { [self] in watchBeats() }
  }

  /// The sockets that workers inherit; without a worker their connections wait, or somebody else
  /// accepts them.
  package var listeningSockets: [ListeningSocket] { sockets }

  /// A worker answers requests.
  package var isServing: Bool { !serving.isEmpty }

  /// Starts a worker; the one before serves until the new one does, and goes on when it fails.
  ///
  /// - Parameter then: gets nil, or why the new one did not start.
  package func replaceWorker(_ reason: String, _ then: @escaping (String?) -> Void) {
    beginReload(reason, then)
  }

  /// Tells the worker something, in the manner of a message of the messenger.
  package func tellWorker(_ action: String, _ data: ConfigValue) {
    for child in serving { announce(action, data, to: child) }
  }

  /// In place of `reap`: other processes of this one, builds for instance, are waited for elsewhere.
  package func reapWorkers() {
    for child in children {
      var status: Int32 = 0
      guard waitpid(child.pid, &status, WNOHANG) == child.pid else { continue }
      children.removeAll { $0 === child }
      ended(child, status)
    }
  }

  package func logInfo(_ text: String) {
    log.info(text)
    log.flush()
  }
}
