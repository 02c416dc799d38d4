import Egg

/// What the tests ask for: a template by its name or as text, with locals of every kind.
final class PageController: Controller {
  private var locals: Value {
    var locals: Value = [
      "a": 1, "half": 0.5, "yes": true, "nothing": Value.null, "given": "given <b>",
      "layer": "given", "items": ["x", "y", "z"],
      "user": ["name": "Ada", "tags": ["m", "w"]] as Value,
    ]
    locals.markup = .markup("<i>safe</i>")
    return locals
  }

  private func prepare() {
    ctx.state.shared = "state"
    ctx.state.layer = "state"
  }

  /// An error as the template's author sees it, whole.
  private func reporting(_ work: () async throws -> Void) async {
    do {
      try await work()
    } catch {
      let error = EggError(error)
      ctx.status = error.status
      ctx.body =
        [
          "code": error.code, "message": error.message, "detail": error.detail,
          "properties": Value(error.properties),
          "cause": error.cause.map { EggError($0).message } ?? "",
        ] as Value
    }
  }

  func render() async {
    await reporting {
      prepare()
      try await ctx.render(ctx.query.name ?? "", locals, viewEngine: ctx.query.engine)
    }
  }

  func view() async {
    await reporting {
      prepare()
      ctx.body = "[\(try await ctx.renderView(ctx.query.name ?? "", locals))]"
    }
  }

  func string() async {
    await reporting {
      prepare()
      ctx.body = try await ctx.renderString(
        ctx.query.text ?? "", locals, viewEngine: ctx.query.engine)
    }
  }

  /// By name, as a unit in another language does it.
  func call() async {
    await reporting {
      ctx.body = try await ctx.call("renderView", ctx.query.name ?? "", locals).string ?? "nothing"
    }
  }

  func face() async {
    await reporting {
      let view = app.extension("view")
      guard let face = view.foreign else { throw EggError("there is no app.view") }
      let file = try await face.invoke("resolve", ["plain"]).string ?? ""
      ctx.body =
        [
          "engines": view.engines, "roots": view.roots, "file": Value(file),
          "has": try await face.invoke("has", ["upper"]),
        ] as Value
    }
  }

  /// Nanoseconds of one `ctx.renderView`, on average.
  func time() async {
    await reporting {
      let rounds = Int(ctx.params.rounds) ?? 1
      let (name, locals) = (ctx.query.name ?? "", locals)
      let clock = ContinuousClock()
      let start = clock.now
      var bytes = 0
      for _ in 0..<rounds { bytes += try await ctx.renderView(name, locals).utf8.count }
      let used = (clock.now - start).components
      let nanoseconds = used.seconds * 1_000_000_000 + used.attoseconds / 1_000_000_000
      ctx.body =
        ["nanoseconds": Value(Int(nanoseconds) / rounds), "bytes": Value(bytes / rounds)] as Value
    }
  }
}
