import Glibc

extension Master {
  /// Every process opens the files of its log anew: SIGUSR1 to the master.
  package func reloadLogs() {
    // One that is still starting does not handle the signal yet, and opens its files anyway.
    for child in children where child.state == .ready { kill(child.pid, SIGUSR1) }
  }
}
