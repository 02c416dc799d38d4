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
    try await view("render", name, locals, viewEngine)
  }

  /// Renders a template and gives the page back.
  public func renderView(_ name: String, _ locals: Value = [:], viewEngine: String? = nil)
    async throws -> String
  {
    try await view("renderView", name, locals, viewEngine).string ?? ""
  }

  /// Renders a template that is text: `try await ctx.renderString("hi, {{ name }}", ["name": "egg"])`.
  public func renderString(_ template: String, _ locals: Value = [:], viewEngine: String? = nil)
    async throws -> String
  {
    try await view("renderString", template, locals, viewEngine).string ?? ""
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
