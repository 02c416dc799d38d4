import Egg

/// Reads the session where a store holds it, and saves it when the layers below have ended, also
/// when they failed: what a store keeps is not lost by an error.
func session(_ options: Value, _ app: Application) throws -> Middleware {
  let settings = try app.sessionSettings
  let looksAlways = settings.rolling || settings.renew && settings.refreshOnVisit
  return { ctx, next in
    if let store = app[StoreKey.self] { try await RequestSession.of(ctx).load(from: store, ctx) }
    let outcome: Result<Void, any Error>
    do {
      try await next()
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    // Most requests never ask for the session, and then there is nothing to save.
    if settings.autoCommit, let session = ctx[SessionKey.self] ?? (looksAlways ? .of(ctx) : nil) {
      try await session.commit(ctx)
    }
    try outcome.get()
  }
}
