import Egg

/// Takes what is below the path of `config.io.init` away from the application's own middlewares.
func socketio(_ app: Application) -> Middleware {
  return { ctx, next in
    guard let endpoint = app[HubKey.self]?.endpoint, endpoint.owns(ctx.path) else {
      return try await next()
    }
    try await endpoint.handle(ctx)
  }
}
