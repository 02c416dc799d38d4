import Egg

/// The events of an application, as Egg's overview shows them.
func app(_ app: Application) {
  app.once(.server) { server in
    app.cache.set("event.server", true)
  }
  app.on(.error) { err, ctx in
    app.cache.set("event.error", ["message": Value(err.message), "url": Value(ctx?.url ?? "")])
  }
  app.on(.request) { ctx in
    app.cache.set("event.request", Value(ctx.url))
  }
  app.on(.response) { ctx in
    // ctx.starttime is set by the framework
    let used = Timestamp.now.milliseconds - ctx.starttime
    app.cache.set("event.response", ["used": Value(used), "status": Value(ctx.status)])
  }
  app.beforeStart {
    let ctx = try app.createAnonymousContext()
    // preload before app start
    try await ctx.service.posts.load()
  }
  app.ready { app.cache.set("ready", true) }
  app.beforeClose {
    try await Task.sleep(for: .milliseconds(5))
    app.logger.info("seed: the first that was registered closes last")
  }
  app.beforeClose { app.logger.info("seed: beforeClose") }
}
