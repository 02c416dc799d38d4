import Egg

/// Shows the problem of the last build to browsers, and answers pages that ask whether it is gone.
/// Everything else goes to the code that was built before.
func development(_ options: Value, _ app: Application) -> Middleware {
  let state = app[BuildStateKey.self] ?? BuildState()
  return { ctx, next in
    switch ctx.path {
    case "/__egg_dev__":
      ctx.set("Cache-Control", "no-store")
      ctx.body = ["problem": state.problem] as Value
      return
    default: break
    }
    guard state.problem != 0, ctx.method == "GET", ctx.get("accept").contains("text/html") else {
      return try await next()
    }
    ctx.status = 500
    ctx.type = "html"
    ctx.set("Cache-Control", "no-store")
    ctx.body = state.page
  }
}
