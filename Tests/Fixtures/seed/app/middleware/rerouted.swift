import Egg

/// Has the path of the query routed instead of the request's.
func rerouted() -> Middleware {
  { ctx, next in
    if let path = ctx.query["route"] { ctx.routerPath = path }
    try await next()
  }
}
