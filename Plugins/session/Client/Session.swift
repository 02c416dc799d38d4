import Egg

/// What the server remembers of a visitor from one request to the next.
///
///     ctx.session.userId = 7
///     let id = ctx.session.userId.int
///     ctx.session = nil                       // logged out
///
/// Members are `Value`s. Names that begin with `_`, and `isNew`, are not kept.
@dynamicMemberLookup
public struct Session: ExpressibleByDictionaryLiteral {
  private let ctx: Context?
  /// Of a literal that is to become the content.
  fileprivate let content: ValueMap

  fileprivate init(_ ctx: Context) {
    self.ctx = ctx
    content = ValueMap()
  }

  /// A content to assign: `ctx.session = ["userId": 7]`.
  public init(_ content: ValueMap) {
    ctx = nil
    self.content = content
  }

  public init(dictionaryLiteral elements: (String, Egg.Value)...) {
    self.init(ValueMap(elements))
  }

  /// A member; `.undefined` when there is none. Setting `.undefined` removes it.
  public subscript(name: String) -> Value {
    get { ctx.map { $0.sessionMember(name) } ?? content[name] ?? .undefined }
    nonmutating set { ctx?.setSessionMember(name, newValue) }
  }

  public subscript(dynamicMember name: String) -> Value {
    get { self[name] }
    nonmutating set { self[name] = newValue }
  }

  /// A member as one of your types; nil when there is none.
  ///
  /// - Throws: `DecodingError` when it is something else.
  public func get<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T? {
    let value = self[name]
    return value.exists ? try value.decode(type) : nil
  }

  /// Sets a member to anything that can be encoded.
  ///
  /// - Throws: what `encode(to:)` throws.
  public func set(_ name: String, _ value: some Encodable) throws {
    self[name] = try Value(encoding: value)
  }

  /// Everything, in the order in which it was added.
  public var all: ValueMap { ctx.map { $0.sessionMember("_all").object ?? ValueMap() } ?? content }

  // MARK: the session itself

  /// The visitor had none, or one that is not good any more.
  public var isNew: Bool { self["_isNew"].bool ?? true }
  /// There is something in it.
  public var populated: Bool { !all.isEmpty }
  /// Under which a store has it; nil before it is saved for the first time, and in the cookie.
  public var externalKey: String? { self["_externalKey"].string }

  /// How long it is good from now on; nil: until the browser ends. Setting saves it.
  public var maxAge: Duration? {
    get { self["_maxAge"].int.map { .milliseconds($0) } }
    nonmutating set {
      let parts = newValue?.components
      self["_maxAge"] =
        parts.map {
          .integer(Int($0.seconds) * 1000 + Int($0.attoseconds / 1_000_000_000_000_000))
        } ?? "session"
    }
  }

  /// Saves it when the request ends, whether or not it has changed.
  public func save() { self["_save"] = true }

  /// Saves it now. Needed only with `config.session.autoCommit` off.
  public func manuallyCommit() async throws { try await ctx?.call("sessionCommit") }

  /// Saves it now under another key; the old one is worth nothing any more. For logins.
  public func regenerate() async throws { try await ctx?.call("sessionRegenerate") }
}

extension Context {
  /// The visitor's session. An object replaces its content, nil ends it.
  ///
  /// Never nil when it is read: a session that has ended is an empty one.
  public var session: Session! {
    get { Session(self) }
    set {
      let value: Value = newValue.map { .map($0.all) } ?? .null
      attemptSession { try setExtension("session", value) }
    }
  }

  fileprivate func sessionMember(_ name: String) -> Value {
    var value = Value.undefined
    attemptSession { value = try callNow("sessionGet", name) }
    return value
  }

  fileprivate func setSessionMember(_ name: String, _ value: Value) {
    attemptSession { try callNow("sessionSet", name, value) }
  }

  /// Properties cannot throw; the log says what is wrong.
  private func attemptSession(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      let error = EggError(error)
      let isOff = error.code == "EGG_NOT_FOUND"
      logger.error(
        isOff
          ? "ctx.session needs the plugin session; enable it in config/plugin.json" : error.message)
    }
  }
}
