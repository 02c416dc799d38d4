import Egg
import EggWatcherClient
import Glibc

/// Messages that arrived: `action`, `data`.
enum Inbox: StorageKey { typealias Value = [Egg.Value] }

enum Unready: StorageKey { typealias Value = Bool }

final class AppBoot: Boot {
  /// The hooks that have run.
  private var hooks: [String] = []

  override func register() throws {
    hooks.append("register")
    app.readiness("probe") { [app] in
      if app[Unready.self] == true { throw EggError("told not to be") }
    }
  }

  override func configWillLoad() async throws { hooks.append("configWillLoad") }

  override func configDidLoad() async throws {
    hooks.append("configDidLoad")
    for action in ["note", "egg-ready", "egg-pids", "hello"] {
      app.messenger.on(action) { [app] data in
        let entry: Value = ["action": action, "data": data]
        app[Inbox.self] = (app[Inbox.self] ?? []) + [entry]
      }
    }
  }

  override func didLoad() async throws {
    hooks.append("didLoad")
    let variable = { (name: String) in getenv(name).map { String(cString: $0) } }
    if variable("PROBE_FAIL") == variable("EGG_WORKER_ID"), variable("PROBE_FAIL") != nil {
      throw EggError(code: "PROBE_FAILED", "told to fail")
    }
  }

  override func willReady() async throws { hooks.append("willReady") }

  override func didReady() async throws {
    hooks.append("didReady")
    guard let folder = app.config.probe.watch.string else { return }
    app.watcher.watch(folder) { [app] info in
      app.logger.info("probe: app saw \(info.event) of \(info.path)")
    }
  }

  override func serverDidReady() async throws {
    hooks.append("serverDidReady")
    app.logger.info("probe: server is ready")
  }

  override func beforeClose() async throws {
    hooks.append("beforeClose")
    app.logger.info("probe: app closes after \(hooks.joined(separator: " "))")
  }
}
