import EggKernel
import Glibc

extension CommandDescription {
  /// What the master starts: a worker or the agent.
  static let clusterProcess = CommandDescription(
    path: ["cluster-process"], summary: "a process of a cluster; run by its master",
    arguments: [
      .required("ROLE", "agent or worker"), .required("NUMBER", "which"),
      .required("TITLE", "of the application"),
    ],
    isInternal: true, run: runClusterProcess)
}

private func runClusterProcess(_ arguments: Arguments) throws {
  let setup = try ClusterSetup.receive()
  func fail(_ text: String) -> Never {
    ClusterSetup.reportFailure(text)
    exit(1)
  }
  do {
    let installation = Installation()
    installation.prepare(builds: setup.builds)
    var plan = try installation.plan(setup.baseDir, env: setup.env, framework: setup.framework)
    try plan.use(https: setup.https)
    let loop = try EventLoop.install()
    let process = try ClusterProcess(plan, setup, loop: loop)
    try process.run { error in
      process.flushLog()
      fail(error.description)
    }
    while true { loop.run() }
  } catch {
    fail("\(error)")
  }
}
