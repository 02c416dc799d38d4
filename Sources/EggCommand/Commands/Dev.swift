import EggKernel

extension CommandDescription {
  static let dev = CommandDescription(
    path: ["dev"], summary: "build the application and serve it for development",
    arguments: [.optional("DIR", "the application's folder")],
    options: [
      .port, .value("host", "ADDRESS", "listen on this address; otherwise 127.0.0.1"),
      .value("env", "NAME", "the environment; local unless config/env or EGG_SERVER_ENV name one"),
      .framework, .flag("no-build", "serve what is built already"),
    ],
    notes: """
      An application with a Package.swift is built first (swift build, debug). Then one worker serves
      it in this process. Ctrl-C finishes the running requests and ends; a second one ends at once.
      Other machines reach it with --host 0.0.0.0.
      """,
    run: runDev)
}

private func runDev(_ arguments: Arguments) throws {
  let folder = arguments[0] ?? "."
  let port = try arguments.number("port", in: 0...65535)
  if !arguments.has("no-build"), FileReader.kind(of: folder + "/Package.swift") == .file {
    try SwiftBuild(folder: folder, isRelease: false).run()
  }
  let started = Clock.nanoseconds
  let installation = Installation()
  installation.prepare(builds: [".build/debug", ".build/release"])
  let plan = try installation.plan(folder, arguments)
  try MissingLibraries.check(plan, isRelease: false)
  let units = plan.units.map { "\($0.name)\($0.version.map { " \($0)" } ?? "")" }
  Terminal.print(
    "egg \(EggVersion.text) serves \(plan.info.name) from \(plan.info.baseDir), env \(plan.info.env)\n"
      + "units in order: \(units.joined(separator: ", "))")
  var serve = Serve(plan: plan, started: started)
  serve.port = port.map { UInt16($0) }
  serve.host = arguments.text("host")
  serve.fallbackHost = "127.0.0.1"
  try serve.run()
}
