/// What `egg start` decides before the master takes over.
package struct ClusterOptions {
  /// The running `egg`.
  package var executable: String
  package var framework: String?
  /// Folders in which a build leaves its library.
  package var builds: [String]
  package var workers: Int
  package var addresses: [ListenAddress]
  package var title: String
  package var isSticky: Bool
  /// Where the process id is written; empty for nowhere.
  package var pidFile: String
  /// Written to when everything is ready: `egg start --daemon` waits at its other end.
  package var readyDescriptor: Int32 = -1
  /// One worker that is the agent as well, which `Master.develop` starts and replaces.
  package var isDevelopment = false
  /// `cluster.https` of the command line; nil when the configuration counts.
  package var https: ConfigValue?
  /// Monotonic nanoseconds.
  package var started: UInt64

  package init(
    executable: String, framework: String?, builds: [String], workers: Int,
    addresses: [ListenAddress], title: String, isSticky: Bool, pidFile: String, started: UInt64
  ) {
    self.executable = executable
    self.framework = framework
    self.builds = builds
    self.workers = workers
    self.addresses = addresses
    self.title = title
    self.isSticky = isSticky
    self.pidFile = pidFile
    self.started = started
  }

  /// Where the master of an application answers `egg status`, `reload` and `stop`.
  package static func controlSocket(rundir: String, title: String) -> String {
    "\(rundir)/\(title.replacingSlashes).sock"
  }
}

extension String {
  fileprivate var replacingSlashes: String {
    String(map { $0 == "/" ? "-" : $0 })
  }
}

/// Numbers of `config.cluster` and the environment, with their defaults.
struct ClusterSettings {
  /// Milliseconds without a turn of its loop after which a process is taken for hung; 0 never.
  var hangTimeout = 30_000
  /// Milliseconds that a replaced worker keeps connections between two requests.
  var idleGrace = 5_000
  /// Milliseconds that a replaced worker has for the requests that run.
  var drainTimeout = 60_000
  /// Workers that may be started again within `reforkWindow` milliseconds.
  var reforkLimit = 60
  var reforkWindow = 60_000
  /// Starts of one worker that may fail in a row.
  var startLimit = 8
  /// Milliseconds until a process has to be ready.
  var startTimeout = 600_000
  /// Milliseconds that running requests have when the application ends.
  var appCloseTimeout = 5_000
  var agentCloseTimeout = 5_000

  init(_ config: ConfigTree, variables: EnvironmentVariables = .process) {
    func number(_ path: String, _ value: inout Int) {
      if let found = config.value(at: path)?.int { value = max(0, Int(clamping: found)) }
    }
    number("cluster.hangTimeout", &hangTimeout)
    number("cluster.idleGrace", &idleGrace)
    number("cluster.drainTimeout", &drainTimeout)
    number("cluster.reforkLimit", &reforkLimit)
    number("cluster.reforkWindow", &reforkWindow)
    number("cluster.startLimit", &startLimit)
    number("lifecycle.startTimeout", &startTimeout)
    number("lifecycle.closeTimeout", &appCloseTimeout)
    agentCloseTimeout = appCloseTimeout
    let both = variables.trimmed("EGG_MASTER_CLOSE_TIMEOUT").flatMap { Int($0) }
    let app = variables.trimmed("EGG_APP_CLOSE_TIMEOUT").flatMap { Int($0) } ?? both
    let agent = variables.trimmed("EGG_AGENT_CLOSE_TIMEOUT").flatMap { Int($0) } ?? both
    if let app { appCloseTimeout = max(0, app) }
    if let agent { agentCloseTimeout = max(0, agent) }
  }
}
