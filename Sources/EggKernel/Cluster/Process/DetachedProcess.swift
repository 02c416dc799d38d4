import Glibc

/// A process that outlives the one that starts it.
package enum DetachedProcess {
  /// - Parameters:
  ///   - ready: a descriptor that it gets under a number that `variable` tells it.
  /// - Throws: `.lifecycle` with the reason.
  package static func start(
    _ program: String, _ words: [String], output: Int32, errors: Int32, ready: Int32,
    variable: String
  ) throws(BootError) -> pid_t {
    let lifted = [output, errors, ready].map { fcntl($0, F_DUPFD_CLOEXEC, Spawn.firstHandedOn) }
    defer { for descriptor in lifted { close(descriptor) } }
    return try Spawn.start(
      program, words,
      descriptors: [(lifted[0], 1), (lifted[1], 2), (lifted[2], ClusterSetup.channel)],
      variables: [variable: String(ClusterSetup.channel)], isDetached: true)
  }
}
