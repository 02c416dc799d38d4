import EggKernel

extension CommandDescription {
  static let start = CommandDescription(
    path: ["start"], summary: "serve a built application in production",
    arguments: [.optional("DIR", "the application's folder")],
    options: [
      .port, .value("workers", "N", "how many processes serve"), .host,
      .value("env", "NAME", "the environment; prod unless config/env or EGG_SERVER_ENV name one"),
      .value("socket", "PATH", "listen on a Unix socket instead of a port"), .framework,
      .flag("single", "worker and agent in this process, no master"),
    ],
    notes: """
      Runs in the foreground and logs to standard output. Nothing is built: "egg build DIR" makes the
      release build that it loads. SIGTERM and SIGINT finish the running requests and end; a second one
      ends at once. This version serves with one worker, whatever --workers says.
      """,
    run: runStart)
}

private func runStart(_ arguments: Arguments) throws {
  let started = Clock.nanoseconds
  let folder = arguments[0] ?? "."
  let port = try arguments.number("port", in: 0...65535)
  let workers = try arguments.number("workers", in: 1...1024)
  let installation = Installation()
  installation.prepare(builds: [".build/release"])
  let plan = try installation.plan(
    folder, env: productionEnvironment(arguments, folder: folder),
    framework: arguments.text("framework"))
  try MissingLibraries.check(plan, isRelease: true)
  if let workers, workers > 1 {
    Terminal.warning("--workers \(workers): this version runs one worker")
  }
  var serve = Serve(plan: plan, started: started)
  serve.port = port.map { UInt16($0) }
  serve.host = arguments.text("host")
  serve.socket = arguments.text("socket")
  try serve.run()
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
