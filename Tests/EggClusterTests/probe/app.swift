import Egg
import Glibc

/// Messages that arrived: `action`, `data`.
enum Inbox: StorageKey { typealias Value = [Egg.Value] }

enum Unready: StorageKey { typealias Value = Bool }

final class AppBoot: Boot {
  override func register() throws {
    app.readiness("probe") { [app] in
      if app[Unready.self] == true { throw EggError("told not to be") }
    }
  }

  override func configDidLoad() async throws {
    for action in ["note", "egg-ready", "egg-pids", "hello"] {
      app.messenger.on(action) { [app] data in
        let entry: Value = ["action": action, "data": data]
        app[Inbox.self] = (app[Inbox.self] ?? []) + [entry]
      }
    }
  }

  override func didLoad() async throws {
    let variable = { (name: String) in getenv(name).map { String(cString: $0) } }
    if variable("PROBE_FAIL") == variable("EGG_WORKER_ID"), variable("PROBE_FAIL") != nil {
      throw EggError(code: "PROBE_FAILED", "told to fail")
    }
  }

  override func serverDidReady() async throws { app.logger.info("probe: server is ready") }

  override func beforeClose() async throws { app.logger.info("probe: app closes") }
}
