import Egg
import SessionEngine

/// Where sessions are kept when they are not in the cookie: another unit's object with
///
/// | method | result |
/// |---|---|
/// | `get(key, maxAge)` | the session as an object; null or nothing when there is none |
/// | `set(key, session, maxAge)` | |
/// | `destroy(key)` | |
///
/// `maxAge` is in milliseconds; null is a session that ends with the browser.
struct SessionStore {
  private let object: ForeignObject

  /// - Returns: nil for null, which is the cookie again.
  /// - Throws: `EggError` for anything else that is no object of a unit.
  init?(_ value: Value) throws {
    if !value.exists { return nil }
    guard let object = value.foreign else {
      throw EggError(
        code: "EGG_SESSION",
        "app.sessionStore: expected an object with get, set and destroy, found \(value.kindName)")
    }
    self.object = object
  }

  var value: Value { .reference(object) }

  func get(_ key: String, _ age: SessionAge, _ ctx: Context) async throws -> Value {
    try await object.invoke("get", [key, Self.time(age)], ctx: ctx)
  }

  /// Ten seconds longer than the cookie, so that no cookie outlives what it names.
  func set(_ key: String, _ session: Value, _ age: SessionAge, _ ctx: Context) async throws {
    try await object.invoke("set", [key, session, Self.time(age, 10_000)], ctx: ctx)
  }

  func destroy(_ key: String, _ ctx: Context) async throws {
    try await object.invoke("destroy", [key], ctx: ctx)
  }

  private static func time(_ age: SessionAge, _ more: Int = 0) -> Value {
    if case .milliseconds(let time) = age { .integer(time + more) } else { .null }
  }
}

enum StoreKey: StorageKey { typealias Value = SessionStore }
