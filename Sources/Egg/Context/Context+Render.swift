internal import PluginABI

/// Templates, rendered by the plugin `view` and the engine that it picks.
extension Context {
  /// Renders a template and makes the page the answer's body.
  ///
  ///     try await ctx.render("home/index.njk", ["user": user])
  ///
  /// - Parameters:
  ///   - name: a file below `app/view`.
  ///   - locals: what the template sees beside `ctx`, `request`, `helper` and `ctx.state`.
  ///   - viewEngine: an engine's name; nil: the one that `config.view.mapping` has for the file.
  /// - Throws: `EggError` when there is no such template or it cannot be rendered, or when the
  ///   plugin is off.
  public func render(_ name: String, _ locals: Value = [:], viewEngine: String? = nil) async throws
  {
    let isSet: Void? = try page(name, locals, viewEngine) { page in
      let status = kernel.http.pointee.set_response(
        kernel.table, token, egg_body_kind(EGG_BODY_TEXT), page)
      guard status == Status.ok else {
        throw EggError(code: "EGG_LIMIT", "the page is larger than the request's memory")
      }
    }
    if isSet != nil { return }
    try await view("render", name, locals, viewEngine)
  }

  /// Renders a template and gives the page back.
  public func renderView(_ name: String, _ locals: Value = [:], viewEngine: String? = nil)
    async throws -> String
  {
    if let page = try page(name, locals, viewEngine, { $0.string }) { return page }
    return try await view("renderView", name, locals, viewEngine).string ?? ""
  }

  /// Renders a template that is text: `try await ctx.renderString("hi, {{ name }}", ["name": "egg"])`.
  public func renderString(_ template: String, _ locals: Value = [:], viewEngine: String? = nil)
    async throws -> String
  {
    try await view("renderString", template, locals, viewEngine).string ?? ""
  }

  /// Renders in this turn: nothing in the template waits, nearly always.
  ///
  /// - Parameter take: is lent the page.
  /// - Returns: what `take` returns; nil when something has to wait.
  private func page<R>(
    _ name: String, _ locals: Value, _ engine: String?, _ take: (egg_str) throws -> R
  ) throws -> R? {
    guard let view = unit.view, let render = view.pointee.page else { return nil }
    if !app.locals.isEmpty { _ = state["ctx"] }
    var page = egg_str()
    var failure: UnsafePointer<egg_error>?
    let status = unit.withMemory { memory in
      var laid = memory.lay(locals)
      return withExtendedLifetime(locals) {
        name.withEggString { name in
          guard let engine else {
            return render(view, token, name, egg_str(), &laid, &page, &failure)
          }
          return engine.withEggString { render(view, token, name, $0, &laid, &page, &failure) }
        }
      }
    }
    if status == Status.ok { return try take(page) }
    if status == Status.again { return nil }
    if let failure, status == Status.failed { throw EggError(failure.pointee, host: kernel) }
    try Status.check(status, "ctx.renderView")
    return nil
  }

  @discardableResult
  private func view(_ method: String, _ first: String, _ locals: Value, _ engine: String?)
    async throws -> Value
  {
    guard let member = kernel.resolve(Int(EGG_ON_CONTEXT), method) else {
      throw EggError(
        code: "EGG_NOT_FOUND",
        "ctx.\(method) needs the plugin view; enable it in config/plugin.json")
    }
    // The first look at the state copies `app.locals` into it.
    if !app.locals.isEmpty { _ = state["ctx"] }
    var args: [Value] = [.text(first), locals]
    if let engine { args.append(["viewEngine": engine]) }
    return try await unit.invoke(member, method, args, token)
  }
}
