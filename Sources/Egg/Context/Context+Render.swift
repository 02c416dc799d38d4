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
    if try viewNow(sets: true, name, locals, viewEngine) != .undefined { return }
    try await view("render", name, locals, viewEngine)
  }

  /// Renders a template and gives the page back.
  public func renderView(_ name: String, _ locals: Value = [:], viewEngine: String? = nil)
    async throws -> String
  {
    if let page = try viewNow(sets: false, name, locals, viewEngine).string { return page }
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
  /// - Parameter sets: whether the page becomes the body.
  /// - Returns: `.undefined` when something has to wait.
  private func viewNow(sets: Bool, _ name: String, _ locals: Value, _ engine: String?) throws
    -> Value
  {
    guard let member = unit.viewNow else { return .undefined }
    if !app.locals.isEmpty { _ = state["ctx"] }
    let memory = ValueMemory()
    let options = engine.map { ["viewEngine": $0] as Value } ?? .undefined
    return try withExtendedLifetime((memory, locals, options)) {
      try withUnsafeTemporaryAllocation(of: egg_value.self, capacity: 4) { args in
        args.initializeElement(at: 0, to: memory.lay(.boolean(sets)))
        args.initializeElement(at: 1, to: memory.lay(.text(name)))
        args.initializeElement(at: 2, to: memory.lay(locals))
        args.initializeElement(at: 3, to: memory.lay(options))
        var out = egg_value()
        var failure: UnsafePointer<egg_error>?
        let status = kernel.table.pointee.invoke_now(
          kernel.table, token, member, UnsafePointer(args.baseAddress), 4, &out, &failure)
        if let failure, status == Status.failed { throw EggError(failure.pointee, host: kernel) }
        try Status.check(status, "ctx.renderView")
        return Value(out, host: kernel)
      }
    }
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
