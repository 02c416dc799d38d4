import Egg

/// What `app.cache` is: anything of the application's, one per process.
final class Cache {
  private var items: [String: Value] = [:]

  func get(_ id: String) -> Value { items[id] ?? .undefined }
  func set(_ id: String, _ value: Value) { items[id] = value }
}

private enum CacheKey: StorageKey { typealias Value = Cache }

extension Application {
  // egg: local
  var cache: Cache {
    if let known = self[CacheKey.self] { return known }
    let made = Cache()
    self[CacheKey.self] = made
    return made
  }

  /// Called by the C plugin, which waits for it.
  func slowDouble(_ number: Int) async throws -> Int {
    try await Task.sleep(for: .milliseconds(10))
    if number < 0 { throw EggError(status: 422, code: "NEGATIVE", "\(number) is negative") }
    return number * 2
  }
}
