import Egg

/// Keeps sessions somewhere else than in the visitor's cookie, which then only names them.
///
///     final class MemoryStore: SessionStore {
///       private var kept: [String: Value] = [:]
///       func get(_ key: String, maxAge: Duration?) -> Value? { kept[key] }
///       func set(_ key: String, _ session: Value, maxAge: Duration?) { kept[key] = session }
///       func destroy(_ key: String) { kept[key] = nil }
///     }
///
/// What is thrown fails the request.
@MainActor public protocol SessionStore: AnyObject {
  /// - Parameter maxAge: nil: the session ends with the browser.
  func get(_ key: String, maxAge: Duration?) async throws -> Value?
  /// - Parameter maxAge: after which it may be forgotten.
  func set(_ key: String, _ session: Value, maxAge: Duration?) async throws
  func destroy(_ key: String) async throws
}

extension Application {
  /// Where sessions are kept, nil for the cookie. Set it in `Boot.configDidLoad` or `didLoad`.
  ///
  /// Only the unit that set it reads it back; `config.session.store` names the store of a plugin.
  public var sessionStore: (any SessionStore)? {
    get { self[OwnStoreKey.self] }
    set {
      self[OwnStoreKey.self] = newValue
      let value = newValue.map { self.value(of: ExportedStore($0)) } ?? .null
      do {
        try setExtension("sessionStore", value)
      } catch {
        logger.error("app.sessionStore needs the plugin session: \(EggError(error).message)")
      }
    }
  }
}

private enum OwnStoreKey: StorageKey { typealias Value = any SessionStore }

/// A Swift store as the plugin calls it. A plugin that offers a store by name, for
/// `config.session.store`, adds one of these to the application.
public final class ExportedStore: ExportedObject {
  public let objectType = "egg.session.store/1"
  private let store: any SessionStore

  public init(_ store: any SessionStore) { self.store = store }

  public func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "get": return try await store.get(args.get(0), maxAge: age(args[1])) ?? .null
    case "set": try await store.set(args.get(0), args[1], maxAge: age(args[2]))
    case "destroy": try await store.destroy(args.get(0))
    default: throw noSuchMethod(method)
    }
    return .undefined
  }

  private func age(_ value: Value) -> Duration? { value.int.map { .milliseconds($0) } }
}
