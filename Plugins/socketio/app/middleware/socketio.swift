import Egg

/// Takes what is below the path of `config.io.init` away from the application's own middlewares.
func socketio(_ app: Application) -> Middleware {
  return { ctx, next in
    guard let hub = app[HubKey.self], let endpoint = hub.endpoint, endpoint.owns(ctx.path) else {
      return try await next()
    }
    if let bundle = hub.bundle, bundle.owns(ctx.path) { return bundle.answer(ctx) }
    try await endpoint.handle(ctx)
  }
}
