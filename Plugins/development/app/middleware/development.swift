import Egg

/// Shows the problem of the last build to browsers, answers pages that ask whether it is gone, and shows
/// how the start went by. Everything else goes to the code that was built before.
func development(_ options: Value, _ app: Application) -> Middleware {
  let state = app[BuildStateKey.self] ?? BuildState()
  return { ctx, next in
    switch ctx.path {
    case "/__egg_dev__":
      ctx.set("Cache-Control", "no-store")
      ctx.body = ["problem": state.problem] as Value
      return
    case StartPage.path where ctx.method == "GET":
      ctx.set("Cache-Control", "no-store")
      let pages = StartPage.all(app)
      if ctx.get("accept").contains("text/html") {
        ctx.type = "html"
        ctx.body = StartPage.html(pages, name: app.name)
      } else {
        ctx.body = StartPage.json(pages)
      }
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
