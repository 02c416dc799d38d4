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
  /// In place of all these.
  var addresses: [ListenAddress]?

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
    application.reportCrashes()
    for (signal, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
      do throws(LoopError) {
        try loop.onSignal(signal) { application.close(reason: name) }
      } catch {
        throw CommandFailure("\(name) can't be handled: \(error)")
      }
    }
    LogCrash.flushAtExit()
    do throws(LoopError) {
      try loop.onSignal(SIGUSR1) { application.reloadLog() }
    } catch {
      throw CommandFailure("SIGUSR1 can't be handled: \(error)")
    }
    application.load { result in
      if case .failure(let error) = result { fail(application, error) }
      if application.isSecure, isatty(0) == 0 {
        _ = try? loop.onSignal(SIGHUP) { application.renewCertificates() }
      }
      application.listen(listening(application)) { result in
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

  private func listening(_ application: Application) -> [ListenAddress] {
    if let addresses { return addresses }
    return Addresses(
      application.configuration, ports: port.map { [$0] } ?? [], host: host, socket: socket,
      fallbackHost: fallbackHost
    ).all
  }
}

extension CommandDescription.Option {
  static let port = value(
    "port", "PORT", "listen here; otherwise PORT, config.cluster.listen, 7001 (https: 8443)")
  static let httpsKey = value(
    "https-key", "FILE", "serve HTTPS with this private key; otherwise config.cluster.https")
  static let httpsCert = value("https-cert", "FILE", "the certificate, and those that signed it")
  static let host = value("host", "ADDRESS", "listen on this address only")
  static let env = value("env", "NAME", "the environment, for config.NAME.json")
  static let framework = value(
    "framework", "NAME", "a framework's name or path, instead of egg.json's")
}
