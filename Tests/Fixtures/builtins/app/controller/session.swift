import Egg
import EggSessionClient

/// Does with the session what the tests ask for.
final class SessionController: Controller {
  func plain() { ctx.body = "plain" }

  func get() {
    ctx.body =
      [
        "value": ctx.session[ctx.params["name"]], "isNew": ctx.session.isNew,
        "populated": ctx.session.populated,
        "maxAge": ctx.session.maxAge.map { Int($0.components.seconds) } ?? -1,
        "key": ctx.session.externalKey ?? "",
      ] as Value
  }

  func set() {
    for (name, value) in ctx.request.body.object ?? ValueMap() { ctx.session[name] = value }
    ctx.body = .map(ctx.session.all) as Value
  }

  func replace() {
    ctx.session = Session(ctx.request.body.object ?? ValueMap())
    ctx.body = .map(ctx.session.all) as Value
  }

  func destroy() {
    ctx.session = nil
    ctx.body = ["left": ctx.session.all.count]
  }

  func age() {
    ctx.session.maxAge = ctx.params["time"] == "session" ? nil : .seconds(Int(ctx.params["time"])!)
    ctx.body = "aged"
  }

  func save() {
    ctx.session.save()
    ctx.body = "saved"
  }

  func regenerate() async throws {
    try await ctx.session.regenerate()
    ctx.body = ctx.session.externalKey ?? ""
  }

  func commit() async throws {
    ctx.session.committed = true
    try await ctx.session.manuallyCommit()
    ctx.body = "committed"
  }

  func fail() throws {
    ctx.session.failed = true
    try ctx.throw(400, "on purpose")
  }

  /// As another unit or a template sees it.
  func face() async throws {
    let session = ctx.extension("session")
    try await session.foreign?.invoke("set", ["byName", 1], ctx: ctx)
    ctx.body =
      ["type": session.foreign?.type ?? "", "id": session.id, "isNew": session.isNew] as Value
  }

  func store() { ctx.body = (app.sessionStore as? MemoryStore)?.state ?? .null }
  func events() { ctx.body = app[EventsKey.self] ?? [] }
}
