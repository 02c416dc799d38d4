import Egg

extension Application {
  /// Lets clients of a route ask for a call of their function, `?callback=show`:
  ///
  ///     app.router.get("/api/posts", app.jsonp(["limit": 80]), app.controller.post.index)
  ///
  /// - Parameter options: over `config.jsonp`. What does not fit is reported by the route.
  public func jsonp(_ options: Value = [:]) -> Handler {
    PluginMiddlewares(app: self).jsonp(options)
  }
}

private struct PluginMiddlewares: MiddlewareTree {
  let app: Application
}

extension Context {
  /// The client wants a call of its function, on a route with `app.jsonp()`.
  public var acceptJSONP: Bool { `extension`("acceptJSONP").bool ?? false }
}
