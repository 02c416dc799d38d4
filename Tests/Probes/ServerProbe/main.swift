import EggKernel
import Glibc

// A server in a process of its own, for EggServerTests.
//
//     ServerProbe <application folder> [option…]
//
// Prints `port <n>` once it listens, and a line of figures for every SIGUSR1. SIGTERM closes it as
// `egg` does. The test that started it owns its standard input: when that ends, so does the probe.

/// So that a failed test leaves nothing behind.
func endWithStandardInput() {
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { _ in
      var byte: UInt8 = 0
      while read(0, &byte, 1) != 0 {}
      _exit(3)
    }, nil)
}

func say(_ line: String) {
  print(line)
  fflush(nil)
}

func raiseDescriptorLimit() {
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  limit.rlim_cur = limit.rlim_max
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

func fail(_ error: BootError) -> Never {
  say("error \(error)")
  exit(1)
}

endWithStandardInput()
raiseDescriptorLimit()
do {
  let arguments = CommandLine.arguments
  guard arguments.count >= 2 else {
    say("error usage: ServerProbe <application folder> [environment]")
    exit(2)
  }
  let plan = try LoadPlan(
    .init(baseDir: arguments[1], env: arguments.count > 2 ? arguments[2] : nil))
  let loop = try EventLoop.install()
  let application = Application(plan, loop: loop)
  application.isQuiet = true
  application.onClosed = {
    say("closed")
    exit(0)
  }
  try loop.onSignal(SIGTERM) { application.close(reason: "SIGTERM") }
  try loop.onSignal(SIGUSR1) { say("figures \(application.serverFigures)") }
  application.load { result in
    application.flushLog()
    if case .failure(let error) = result { fail(error) }
    application.listen([.tcp(host: "127.0.0.1", port: 0)]) { result in
      if case .failure(let error) = result { fail(error) }
      say("port \(application.serverFigures.port)")
    }
  }
  loop.run()
} catch let error as BootError {
  fail(error)
} catch {
  say("error \(error)")
  exit(1)
}
