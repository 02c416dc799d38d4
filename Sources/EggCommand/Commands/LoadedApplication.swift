import EggKernel
import Glibc

/// An application that is loaded up to ready, without listening, to be looked at.
struct LoadedApplication {
  /// Loads it, calls `body`, and exits; the code is 0, or 1 when the application does not load.
  ///
  /// What the application logs meanwhile goes to standard error, so that standard output is the
  /// answer alone.
  static func inspect(
    _ folder: String, _ arguments: Arguments,
    _ body: @escaping (_ application: Application, _ print: @escaping (String) -> Void) -> Void
  ) throws -> Never {
    let started = Clock.nanoseconds
    let answer = dup(1)
    dup2(2, 1)
    let installation = Installation()
    installation.prepare(builds: [".build/debug", ".build/release"])
    let plan = try installation.plan(folder, arguments)
    try MissingLibraries.check(plan, isRelease: false)
    let loop: EventLoop
    do throws(LoopError) {
      loop = try EventLoop.install()
    } catch {
      throw CommandFailure("the event loop can't be made: \(error)")
    }
    let application = Application(plan, loop: loop, started: started)
    application.isQuiet = true
    application.load { result in
      application.flushLog()
      if case .failure(let error) = result {
        Terminal.error(error.description)
        exit(1)
      }
      body(application) { Terminal.write($0 + "\n", to: answer) }
      exit(0)
    }
    while true { loop.run() }
  }
}
