import Egg
import SessionEngine

/// The session of one request: read at the first look, saved when it has to be.
final class RequestSession {
  private enum Content {
    case unread
    case destroyed
    case present(ValueMap)
  }

  private var content = Content.unread
  /// What was read; nil when the session is new.
  private var before: ValueMap?
  private var age: SessionAge
  /// Milliseconds since 1970 up to which what was read is good.
  private var expires: Int?
  /// Asked for, by `save()` or by another `maxAge`.
  private var mustSave = false
  /// Under which a store has it.
  private var externalKey: String?
  private let settings: SessionSettings

  private init(_ settings: SessionSettings) {
    self.settings = settings
    age = settings.age
  }

  static func of(_ ctx: Context) -> RequestSession {
    if let known = ctx[SessionKey.self] { return known }
    // `configDidLoad` has read them, or stopped the start.
    guard let settings = try? ctx.app.sessionSettings else {
      preconditionFailure("a request before config.session was read")
    }
    let session = RequestSession(settings)
    ctx[SessionKey.self] = session
    return session
  }

  // MARK: reading

  func isDestroyed(_ ctx: Context) -> Bool {
    _ = map(ctx)
    if case .destroyed = content { return true }
    return false
  }

  /// A member, or one of the facts that begin with `_`, which no session can hold: `_isNew`,
  /// `_maxAge`, `_populated`, `_externalKey`, `_all`.
  ///
  /// - Parameter ctx: nil once it was read.
  func member(_ name: String, _ ctx: Context?) -> Value {
    let map = map(ctx)
    switch name {
    case "_all": return .map(map)
    case "_isNew", "isNew": return .boolean(before == nil)
    case "_maxAge": return age.value
    case "_populated": return .boolean(!map.isEmpty)
    case "_externalKey": return externalKey.map { .text($0) } ?? .null
    default: return map[name] ?? .undefined
    }
  }

  private func map(_ ctx: Context?) -> ValueMap {
    switch content {
    case .present(let map): return map
    case .destroyed: return ValueMap()
    case .unread:
      guard let ctx else { return ValueMap() }
      // With a store the middleware has read it; outside of its reach the session is empty.
      if ctx.app[StoreKey.self] == nil { readCookie(ctx) } else { begin() }
      return map(ctx)
    }
  }

  private func begin() {
    content = .present(ValueMap())
    before = nil
    expires = nil
    age = settings.age
  }

  private func readCookie(_ ctx: Context) {
    begin()
    guard let text = sentCookie(ctx) else { return }
    // What is none is somebody else's cookie, or one of an older key.
    let (reading, read) = SessionRecord.read(
      cookie: text, now: Timestamp.now.milliseconds, age: settings.age)
    accept(reading, read, nil, ctx)
  }

  private func sentCookie(_ ctx: Context) -> String? {
    do {
      return try ctx.cookies.get(
        settings.key, signed: settings.signed, encrypt: settings.encrypt)
    } catch {
      ctx.coreLogger.error(error)
      return nil
    }
  }

  /// Reads what the cookie names, before any code asks for it.
  func load(from store: SessionStore, _ ctx: Context) async throws {
    begin()
    guard let key = sentCookie(ctx), !key.isEmpty, key.utf8.count <= 512 else { return }
    let read = try await store.get(key, age, ctx)
    guard read.object != nil else { return refuse("missed", key, read, ctx) }
    let reading = SessionRecord.read(read, now: Timestamp.now.milliseconds, age: settings.age)
    accept(reading, read, key, ctx)
  }

  private func accept(
    _ reading: SessionRecord.Reading, _ read: Value, _ key: String?, _ ctx: Context
  ) {
    switch reading {
    case .invalid: refuse("invalid", key, read, ctx)
    case .expired: refuse("expired", key, read, ctx)
    case .good(let record):
      age = record.age
      expires = record.expires
      content = .present(record.members)
      before = record.members
      externalKey = key
    }
  }

  private func refuse(_ why: String, _ key: String?, _ value: Value, _ ctx: Context) {
    let shown = settings.logValue ? value : ""
    let keyValue = key.map { Value.text($0) } ?? .null
    ctx.app.emit("session:\(why)", ["key": keyValue, "value": shown] as Value, ctx: ctx)
    ctx.coreLogger.warn("[session][\(why)]", ["key": keyValue, "value": shown])
  }

  // MARK: changing

  /// - Throws: `EggError` for a `_maxAge` that is no age.
  func set(_ name: String, _ value: Value, _ ctx: Context) throws {
    switch name {
    case "_maxAge":
      guard let changed = SessionAge(value) else {
        throw EggError(
          code: "EGG_SESSION",
          "session.maxAge: expected milliseconds above 0 or \"session\", found \(value.json)")
      }
      _ = map(ctx)
      age = changed
      mustSave = true
    case "_save":
      _ = map(ctx)
      mustSave = true
    case _ where SessionRecord.isReserved(name):
      ctx.logger.warn("session.\(name): names that begin with \"_\" and isNew are not kept")
    default:
      var map = map(ctx)
      content = .unread  // releases this copy, so that the change happens in place
      map[name] = value.isUndefined ? nil : value
      content = .present(map)
    }
  }

  /// `ctx.session = value`: an object is a new content, null ends the session.
  ///
  /// - Throws: `EggError` for anything else.
  func replace(with value: Value, _ ctx: Context) throws {
    _ = map(ctx)
    switch value {
    case .null, .undefined: content = .destroyed
    case .map(let map): content = .present(SessionRecord.cleaned(map))
    default:
      throw EggError(
        code: "EGG_SESSION",
        "ctx.session can only be set to an object or null, found \(value.kindName)")
    }
  }

  // MARK: saving

  /// Saves or removes when that is due.
  ///
  /// - Parameter regenerates: under another key, the old one is destroyed. After a login, so that
  ///   a key which somebody planted before is worth nothing.
  func commit(_ ctx: Context, regenerates: Bool = false) async throws {
    let map = map(ctx)
    if case .destroyed = content {
      if before != nil || externalKey != nil { try await remove(ctx) }
      return
    }
    if regenerates {
      if let externalKey, let store = ctx.app[StoreKey.self] {
        try await store.destroy(externalKey, ctx)
      }
      externalKey = nil
    }
    guard regenerates || isDue(map) else { return }
    guard !ctx.headerSent else {
      ctx.coreLogger.warn("the session changed after the answer had begun; the change is lost")
      return
    }
    try await save(map, ctx)
    mustSave = false
    before = map
  }

  private func isDue(_ map: ValueMap) -> Bool {
    if mustSave { return true }
    guard let before else { return !map.isEmpty }
    if before != map || settings.rolling { return true }
    return settings.renew
      && SessionRecord.isHalfOver(expires, age, now: Timestamp.now.milliseconds)
  }

  private func save(_ map: ValueMap, _ ctx: Context) async throws {
    var record = SessionRecord(map, age: age)
    let kept = record.write(now: Timestamp.now.milliseconds)
    expires = record.expires
    var text: String
    if let store = ctx.app[StoreKey.self] {
      text = try externalKey ?? newKey(ctx)
      try await store.set(text, kept, age, ctx)
      externalKey = text
    } else {
      text = SessionRecord.cookie(kept)
    }
    try ctx.cookies.set(settings.key, text, settings.cookie(age))
  }

  private func remove(_ ctx: Context) async throws {
    if let externalKey, let store = ctx.app[StoreKey.self] {
      try await store.destroy(externalKey, ctx)
    }
    externalKey = nil
    before = nil
    guard !ctx.headerSent else { return }
    try ctx.cookies.set(settings.key, nil, settings.cookie(age))
  }

  /// 144 random bits, behind the time so that a store can be sorted.
  private func newKey(_ ctx: Context) throws -> String {
    let digits = Array("0123456789abcdef".utf8)
    let unique = String(
      decoding: try ctx.app.crypto.random(18).flatMap {
        [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
      }, as: UTF8.self)
    return "\(settings.prefix)\(Timestamp.now.milliseconds)-\(unique)"
  }
}

enum SessionKey: StorageKey { typealias Value = RequestSession }
