import Egg
import EggSessionClient

/// A page for what is not there, and the notice of the page before in every template.
func notFound(_ options: Value, _ app: Application) -> Middleware {
  return { ctx, next in
    let notice = ctx.session.notice
    if notice.exists, ctx.method == "GET" {
      ctx.state["notice"] = notice
      ctx.session.notice = .undefined
    }
    do {
      try await next()
    } catch let error as EggError where error.status == 404 {}
    guard ctx.status == 404, ctx.request.accepts("html") != nil else { return }
    try await ctx.render("404.njk")
    ctx.status = 404
  }
}
