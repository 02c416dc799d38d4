import EggKernel
import Glibc

extension CommandDescription {
  static let start = CommandDescription(
    path: ["start"], summary: "serve a built application in production",
    arguments: [.optional("DIR", "the application's folder")],
    options: [
      .port, .workers, .host,
      .value("env", "NAME", "the environment; prod unless config/env or EGG_SERVER_ENV name one"),
      .value("socket", "PATH", "listen on a Unix socket instead of a port"), .framework, .title,
      .flag("daemon", "return when everything is ready, and serve in the background"),
      .value("stdout", "FILE", "standard output of the daemon; HOME/logs/master-stdout.log"),
      .value("stderr", "FILE", "standard error of the daemon; HOME/logs/master-stderr.log"),
      .value("timeout", "SECONDS", "how long --daemon waits; 300"),
      .value("pid-file", "FILE", "where the master's process id is; run/TITLE.pid"),
      .httpsKey, .httpsCert,
      .flag("sticky", "the same client gets the same worker"),
      .flag("single", "worker and agent in this process, no master"),
    ],
    notes: """
      A master opens the port and starts an agent and the workers; what dies is started again. SIGTERM,
      SIGINT and SIGQUIT finish the running requests and end; a second one ends at once. SIGHUP reloads.
      Nothing is built: "egg build DIR" makes the release build that is loaded. --port may be given
      several times. See also: egg status, egg reload, egg stop.
      """,
    run: runStart)
}

extension CommandDescription.Option {
  static let workers = value(
    "workers", "N",
    "processes that serve; EGG_WORKERS, config.cluster.workers, or the processor quota")
  static let title = value(
    "title", "NAME", "what egg stop, reload and status find it by; egg-server-NAME")
}

private func runStart(_ arguments: Arguments) throws {
  let started = Clock.nanoseconds
  let readyDescriptor = Daemon.readyDescriptor
  let folder = arguments[0] ?? "."
  let ports = try arguments.numbers("port", in: 0...65535)
  let workers = try arguments.number("workers", in: 1...1024)
  _ = try arguments.number("timeout", in: 1...86_400)
  let installation = Installation()
  let builds = [".build/release"]
  installation.prepare(builds: builds)
  var plan = try installation.plan(
    folder, env: productionEnvironment(arguments, folder: folder),
    framework: arguments.text("framework"))
  try plan.use(https: arguments.https)
  // Before anything is started that would have to be stopped again.
  try TLSSettings(plan.config, baseDir: plan.info.baseDir)?.check()
  try MissingLibraries.check(plan, isRelease: true)
  if arguments.has("daemon") { return try Daemon(plan, arguments).start() }
  let addresses = Addresses(
    plan, ports: ports.map { UInt16($0) }, host: arguments.text("host"),
    socket: arguments.text("socket")
  ).all
  func configured(_ key: String) -> ConfigValue? { plan.config.value(at: "cluster.\(key)") }
  if arguments.has("single") || workers == nil && configured("single")?.bool == true {
    var serve = Serve(plan: plan, started: started)
    serve.addresses = addresses
    try serve.run()
  }
  let title = arguments.text("title") ?? "egg-server-\(plan.info.name)"
  let rundir = plan.config.value(at: "rundir")?.string ?? plan.info.baseDir + "/run"
  var options = ClusterOptions(
    executable: installation.executable, framework: arguments.text("framework"), builds: builds,
    workers: try workers ?? WorkerCount.standard(configured("workers")?.int.map(Int.init)),
    addresses: addresses, title: title,
    isSticky: arguments.has("sticky") || configured("sticky")?.bool == true,
    pidFile: arguments.text("pid-file")
      ?? rundir + "/" + Path.lastComponent(of: title) + ".pid",
    started: started)
  options.readyDescriptor = readyDescriptor
  options.https = arguments.https
  try serveCluster(plan, options)
}

/// Runs the master in this process. Does not return.
private func serveCluster(_ plan: LoadPlan, _ options: ClusterOptions) throws -> Never {
  let loop: EventLoop
  do throws(LoopError) {
    loop = try EventLoop.install()
  } catch {
    throw CommandFailure("the event loop can't be made: \(error)")
  }
  let master = try Master(plan, options, loop: loop)
  master.onClosed = { exit($0) }
  master.onFailure = { Terminal.error($0) }
  do throws(LoopError) {
    try loop.onSignal(SIGCHLD) { master.reap() }
    try loop.onSignal(SIGUSR1) { master.reloadLogs() }
    for (signal, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGQUIT, "SIGQUIT")] {
      try loop.onSignal(signal) { master.close(reason: name) }
    }
    // Of a terminal that is closed it means the end, as everywhere.
    if isatty(0) == 0 { try loop.onSignal(SIGHUP) { master.beginReload("SIGHUP") { _ in } } }
  } catch {
    throw CommandFailure("signals can't be handled: \(error)")
  }
  master.run()
  while true { loop.run() }
}

/// `prod`, unless the command line, `config/env` or a variable names another one.
///
/// - Source: Egg, "Environment": `egg-scripts start` means production.
private func productionEnvironment(
  _ arguments: Arguments, folder: String
) throws(BootError) -> String? {
  if let env = arguments.text("env") { return env }
  var notices: [BootNotice] = []
  let found = try ServerEnvironment.resolve(baseDir: folder, notices: &notices)
  return found.source == "default" ? "prod" : nil
}
