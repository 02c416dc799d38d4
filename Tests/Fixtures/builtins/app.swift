import Egg
import EggSessionClient

final class AppBoot: Boot {
  override func register() throws {
    app.on(.error) { [app] error, ctx in
      app[EventsKey.self, default: []].append("\(error.status) \(error.message) \(ctx?.path ?? "")")
    }
    app.answerErrors { [app] error, ctx, format in
      guard app.config.probe.answersErrors.bool == true, format == .html,
        error.code == "invalid_param"
      else { return false }
      ctx.body = "<h1>Sorry, \(ctx.status)</h1>"
      return true
    }
    app.appErrorFilter { [app] error, _ in error.code != app.config.probe.quiet.string }
  }

  override func didLoad() async throws {
    guard app.config.probe.intercepts.bool == true else { return }
    try await app.call("interceptCurl", app.value(of: Cache()))
  }

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

/// Answers for `cached.test`.
final class Cache: ExportedObject {
  let objectType = "test.cache/1"

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    let url = args[0].string ?? ""
    guard method == "answer", url.hasPrefix("http://cached.test/") else { return .undefined }
    if url.hasSuffix("/wrong") { return "no answer" }
    return [
      "status": 203, "headers": ["X-From": "cache"] as Value, "delay": 1,
      "data": ["method": args[1].method, "url": args[0]] as Value,
    ]
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
