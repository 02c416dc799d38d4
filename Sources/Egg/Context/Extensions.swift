internal import PluginABI

extension Request {
  /// A property that another unit added: `ctx.request.extension("files")`. `.undefined` when nobody
  /// did.
  public func `extension`(_ name: String) -> Value {
    ctx.extension(name, on: Int(EGG_ON_REQUEST))
  }

  /// Calls a method that another unit added to the request.
  @discardableResult
  public func call(_ name: String, _ args: any Encodable...) async throws -> Value {
    try await ctx.call(name, on: Int(EGG_ON_REQUEST), args.map { Value($0) })
  }
}

extension Response {
  /// Calls a method that another unit added to the response.
  @discardableResult
  public func call(_ name: String, _ args: any Encodable...) async throws -> Value {
    try await ctx.call(name, on: Int(EGG_ON_RESPONSE), args.map { Value($0) })
  }
}

extension Helper {
  /// Calls a helper of another unit: `try await ctx.helper.call("money", 3)`.
  @discardableResult
  public func call(_ name: String, _ args: any Encodable...) async throws -> Value {
    try await ctx.call(name, on: Int(EGG_ON_HELPER), args.map { Value($0) })
  }

  /// The same, at once, for helpers that never suspend.
  @discardableResult
  public func callNow(_ name: String, _ args: any Encodable...) throws -> Value {
    try ctx.callNow(name, on: Int(EGG_ON_HELPER), args.map { Value($0) })
  }

  /// Any member of any unit on the context or the helper, resolved by name once and used often;
  /// for template engines.
  public func callNow(_ name: String, with args: [Value]) throws -> Value {
    try ctx.callNow(name, on: Int(EGG_ON_HELPER), args)
  }
}
