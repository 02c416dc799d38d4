import Egg

/// Declares `ctx.session` and `app.sessionStore`, and puts the middleware `session` into the onion.
final class SessionBoot: Boot {
  override func register() throws {
    app.extend { unit in
      unit.property(
        Application.self, "sessionStore",
        get: { app in app[StoreKey.self]?.value ?? .null },
        set: { app, value in app[StoreKey.self] = try SessionStore(value) })
      unit.property(
        Context.self, "session",
        get: { ctx in
          let session = RequestSession.of(ctx)
          return session.isDestroyed(ctx) ? .null : try .returning(SessionFace(session))
        },
        set: { ctx, value in try RequestSession.of(ctx).replace(with: value, ctx) })
      unit.method(Context.self, "sessionGet") { ctx, args in
        RequestSession.of(ctx).member(try args.get(0), ctx)
      }
      unit.method(Context.self, "sessionSet") { ctx, args in
        try RequestSession.of(ctx).set(try args.get(0), args[1], ctx)
        return .undefined
      }
      // What may have to wait for a store.
      unit.method(
        Context.self, "sessionLoad",
        { ctx, _ async throws in
          if let store = ctx.app[StoreKey.self] {
            try await RequestSession.of(ctx).load(from: store, ctx)
          }
          return .undefined
        } as @MainActor (Context, Arguments) async throws -> Value)
      unit.method(
        Context.self, "sessionCommit",
        { ctx, _ async throws in
          try await RequestSession.of(ctx).commit(ctx)
          return .undefined
        } as @MainActor (Context, Arguments) async throws -> Value)
      unit.method(
        Context.self, "sessionRegenerate",
        { ctx, _ async throws in
          try await RequestSession.of(ctx).commit(ctx, regenerates: true)
          return .undefined
        } as @MainActor (Context, Arguments) async throws -> Value)
    }
  }

  override func configWillLoad() async throws {
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    guard !names.contains("session") else { return }
    names.append("session")
    try app.config.set("coreMiddleware", Value(names), origin: "plugin session")
  }

  override func configDidLoad() async throws {
    let settings = try app.sessionSettings
    if !settings.httpOnly {
      app.coreLogger.warn(
        "config.session.httpOnly is false: any script of a page can read the session's cookie")
    }
  }

  /// Every unit has connected, so what `config.session.store` names is there.
  override func willReady() async throws {
    guard let name = try app.sessionSettings.store, app[StoreKey.self] == nil else { return }
    let found = app.extension(name)
    guard found.foreign != nil else {
      throw EggError(
        code: "EGG_SESSION",
        "config.session.store: no unit adds an object \"\(name)\" to the application; enable the"
          + " plugin that does, or remove the key")
    }
    app[StoreKey.self] = try SessionStore(found)
  }
}
