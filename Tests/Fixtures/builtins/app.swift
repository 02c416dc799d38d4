import Egg
import EggSessionClient

final class AppBoot: Boot {
  override func configDidLoad() async throws {
    if app.config.probe.memoryStore.bool == true { app.sessionStore = MemoryStore() }
    for name in ["missed", "expired", "invalid"] {
      app.on("session:\(name)") { [app] event, ctx in
        app[EventsKey.self, default: []].append(
          "\(name) \(event["key"]) \(event["value"]) \(ctx?.path ?? "")")
      }
    }
  }
}

enum EventsKey: StorageKey { typealias Value = [String] }

extension Application {
  subscript(key: EventsKey.Type, default fallback: [String]) -> [String] {
    get { self[key] ?? fallback }
    set { self[key] = newValue }
  }
}

/// Sessions in this process.
final class MemoryStore: SessionStore {
  private var kept: [String: Value] = [:]
  private var ages: [String: Duration] = [:]

  func get(_ key: String, maxAge: Duration?) async throws -> Value? {
    await Task.yield()
    return kept[key]
  }

  func set(_ key: String, _ session: Value, maxAge: Duration?) async throws {
    await Task.yield()
    kept[key] = session
    ages[key] = maxAge
  }

  func destroy(_ key: String) async throws { kept[key] = nil }

  var state: Value {
    .list(
      kept.keys.sorted().map {
        [
          "key": $0, "session": kept[$0]!,
          "seconds": ages[$0].map { Int($0.components.seconds) } ?? -1,
        ]
          as Value
      })
  }
}
