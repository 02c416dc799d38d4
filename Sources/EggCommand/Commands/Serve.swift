import EggKernel
import Glibc

/// Running an application in this process until a signal ends it. Shared by `dev` and `start`.
struct Serve {
  let plan: LoadPlan
  let started: UInt64
  /// From the command line; they count more than the configuration.
  var port: UInt16?
  var host: String?
  var socket: String?
  /// When neither the command line nor the configuration names one.
  var fallbackHost = ""

  /// Does not return: exits with 0 after an orderly close, with 1 when the start fails.
  func run() throws -> Never {
    let loop: EventLoop
    do throws(LoopError) {
      loop = try EventLoop.install()
    } catch {
      throw CommandFailure("the event loop can't be made: \(error)")
    }
    let application = Application(plan, loop: loop, started: started)
    application.onClosed = { exit(0) }
    for (signal, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
      do throws(LoopError) {
        try loop.onSignal(signal) { application.close(reason: name) }
      } catch {
        throw CommandFailure("\(name) can't be handled: \(error)")
      }
    }
    LogCrash.installHandlers()
    do throws(LoopError) {
      try loop.onSignal(SIGUSR1) { application.reloadLog() }
    } catch {
      throw CommandFailure("SIGUSR1 can't be handled: \(error)")
    }
    application.load { result in
      if case .failure(let error) = result { fail(application, error) }
      application.listen([address(application)]) { result in
        if case .failure(let error) = result { fail(application, error) }
      }
    }
    while true { loop.run() }
  }

  private func fail(_ application: Application, _ error: BootError) -> Never {
    application.flushLog()
    Terminal.error(error.description)
    exit(1)
  }

  /// The command line, then `PORT`, then `config.cluster.listen`.
  private func address(_ application: Application) -> ListenAddress {
    func configured(_ key: String) -> ConfigValue? {
      application.configuration.value(at: "cluster.listen.\(key)")
    }
    if let socket { return .unix(path: socket) }
    if port == nil, let path = configured("path")?.string, !path.isEmpty {
      return .unix(path: path)
    }
    let number =
      port ?? EnvironmentVariables.process.trimmed("PORT").flatMap(UInt16.init)
      ?? configured("port")?.int.map { UInt16(clamping: $0) } ?? 7001
    let named = host ?? configured("hostname")?.string ?? ""
    return .tcp(host: named.isEmpty ? fallbackHost : named, port: number)
  }
}

extension CommandDescription.Option {
  static let port = value(
    "port", "PORT", "listen here; otherwise PORT, config.cluster.listen, 7001")
  static let host = value("host", "ADDRESS", "listen on this address only")
  static let env = value("env", "NAME", "the environment, for config.NAME.json")
  static let framework = value(
    "framework", "NAME", "a framework's name or path, instead of egg.json's")
}
