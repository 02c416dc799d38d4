import EggKernel
import Glibc

extension CommandDescription {
  static let dev = CommandDescription(
    path: ["dev"], summary: "build the application and serve it for development",
    arguments: [.optional("DIR", "the application's folder")],
    options: [
      .port, .value("host", "ADDRESS", "listen on this address; otherwise 127.0.0.1"),
      .value("env", "NAME", "the environment; local unless config/env or EGG_SERVER_ENV name one"),
      .framework, .httpsKey, .httpsCert,
      .flag("no-build", "serve what is built already, and watch nothing"),
    ],
    notes: """
      An application with a Package.swift is built first (swift build, debug). Then one process serves
      it, and is replaced when a saved file asks for that; errors of the compiler are shown here and in
      the browser. A port that is taken makes it look for the next free one. Ctrl-C finishes the
      running requests and ends; a second one ends at once. Other machines reach it with
      --host 0.0.0.0.
      """,
    run: runDev)
}

private func runDev(_ arguments: Arguments) throws {
  if arguments.has("no-build") { try serveBuilt(arguments) }
  let started = Clock.nanoseconds
  let folder = arguments[0] ?? "."
  let port = try arguments.number("port", in: 0...65535)
  let installation = Installation()
  let builds = [".build/debug", ".build/release"]
  installation.prepare(builds: builds)
  var plan: LoadPlan
  do {
    plan = try installation.plan(folder, arguments)
  } catch {
    // A library of an earlier build may be what is wrong.
    guard FileReader.kind(of: folder + "/Package.swift") == .file else { throw error }
    try SwiftBuild(folder: folder, isRelease: false).run()
    plan = try installation.plan(folder, arguments)
  }
  try plan.use(https: arguments.https)
  setenv("EGG_DEV", String(getpid()), 1)
  func makePlan() throws -> LoadPlan {
    var plan = try installation.plan(folder, arguments)
    try plan.use(https: arguments.https)
    return plan
  }
  plan = try DevelopmentPlugin.enabled(plan, makePlan)
  let addresses = Addresses(
    plan.config, ports: port.map { [UInt16($0)] } ?? [], host: arguments.text("host"), socket: nil,
    fallbackHost: "127.0.0.1"
  ).all
  let sockets = try addresses.map { try FreePort.open($0) }
  greet(plan)
  var options = ClusterOptions(
    executable: installation.executable, framework: arguments.text("framework"), builds: builds,
    workers: 1, addresses: sockets.map { .inherited($0) }, title: "egg-dev-\(plan.info.name)",
    isSticky: false, pidFile: "", started: started)
  options.isDevelopment = true
  options.https = arguments.https
  try develop(plan, options, makePlan)
}

/// Runs the loop of development in this process. Does not return.
private func develop(
  _ plan: LoadPlan, _ options: ClusterOptions, _ makePlan: @escaping () throws -> LoadPlan
) throws -> Never {
  let loop: EventLoop
  do throws(LoopError) {
    loop = try EventLoop.install()
  } catch {
    throw CommandFailure("the event loop can't be made: \(error)")
  }
  let master = try Master(plan, options, loop: loop)
  master.onClosed = { code in
    BuildRun.stop()
    exit(code)
  }
  let development = try DevelopmentLoop(plan, master, loop: loop, makePlan: makePlan)
  do throws(LoopError) {
    try loop.onSignal(SIGCHLD) { master.reapWorkers() }
    for (signal, name) in [
      (SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGQUIT, "SIGQUIT"), (SIGHUP, "SIGHUP"),
    ] {
      try loop.onSignal(signal) { master.close(reason: name) }
    }
    try development.begin()
  } catch {
    throw CommandFailure("signals or files can't be watched: \(error)")
  }
  while true { loop.run() }
}

private func greet(_ plan: LoadPlan) {
  let units = plan.units.map { "\($0.name)\($0.version.map { " \($0)" } ?? "")" }
  Terminal.print(
    "egg \(EggVersion.text) serves \(plan.info.name) from \(plan.info.baseDir), env \(plan.info.env)\n"
      + "units in order: \(units.joined(separator: ", "))")
}

/// One worker in this process, and nothing is watched.
private func serveBuilt(_ arguments: Arguments) throws -> Never {
  let folder = arguments[0] ?? "."
  let port = try arguments.number("port", in: 0...65535)
  let started = Clock.nanoseconds
  let installation = Installation()
  installation.prepare(builds: [".build/debug", ".build/release"])
  var plan = try installation.plan(folder, arguments)
  try plan.use(https: arguments.https)
  try MissingLibraries.check(plan, isRelease: false)
  greet(plan)
  var serve = Serve(plan: plan, started: started)
  serve.port = port.map { UInt16($0) }
  serve.host = arguments.text("host")
  serve.fallbackHost = "127.0.0.1"
  try serve.run()
}
