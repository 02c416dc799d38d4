import Egg

/// What a page costs through `ctx.renderView`; the request's body is the template's data.
final class TimeController: Controller {
  /// Nanoseconds of one page, on average over `?rounds`, after one that is not counted.
  func pages() async throws {
    let rounds = max(1, Int(ctx.query.rounds ?? "") ?? 1)
    let locals = ctx.request.body
    _ = try await ctx.renderView("main.njk", locals)
    let clock = ContinuousClock()
    let start = clock.now
    for _ in 0..<rounds { _ = try await ctx.renderView("main.njk", locals) }
    let used = (clock.now - start).components
    let nanoseconds = used.seconds * 1_000_000_000 + used.attoseconds / 1_000_000_000
    ctx.body = ["nanoseconds": Value(Int(nanoseconds) / rounds)] as Value
  }

  func page() async throws { try await ctx.render("main.njk", ctx.request.body) }
}
