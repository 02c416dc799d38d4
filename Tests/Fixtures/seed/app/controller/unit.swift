import Egg

/// Members between units, and work beside requests.
final class UnitController: Controller {
  /// A member of the C plugin that answers at once, and a property.
  func callC() async throws {
    ctx.body =
      [
        "now": try ctx.callNow("shout", "hi"), "awaited": try await ctx.call("shout", "hey"),
        "property": app.extension("callerName"),
      ] as Value
  }

  /// The C plugin calls a member of this application, which suspends, and hands its result back.
  func calledByC() async throws {
    ctx.body = try await ctx.call(
      "callBack", "slowDouble", ctx.query["n"].flatMap { Int($0) } ?? 21)
  }

  func unknown() async throws { try await ctx.call("nobodyHasThis") }

  /// Members of the greeter, when it is on.
  func greet() async throws {
    let name = ctx.query["name"] ?? ""
    ctx.body =
      [
        "now": try ctx.callNow("greet", name), "later": try await ctx.call("greetLater", name),
        "wave": try ctx.helper.callNow("wave", name),
        "languages": app.extension("greetingLanguages"),
      ] as Value
  }

  /// A service goes on when its context is held by nobody else.
  func kept() async throws {
    let service = try app.createAnonymousContext().service.user
    let first = try await service.find("5")
    try await Task.sleep(for: .milliseconds(5))
    let second = try await service.find("6")
    let url = service.service.user.ctx.url
    guard url == "/" else { throw EggError("the context has ended: \(url)") }
    ctx.body =
      [
        first.user.name, first.user.asked, second.user.name, second.user.asked,
      ] as Value
  }

  func background() {
    ctx.runInBackground(name: "good") { ctx in
      let user = try await ctx.service.user.find("3")
      let again = try await ctx.service.user.find("4")
      ctx.app.cache.set("background", [Value(ctx.url), user, again])
    }
    app.runInBackground(name: "bad") { _ in throw EggError("it went wrong behind the answer") }
    ctx.body = "at once"
  }
}
