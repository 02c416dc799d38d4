internal import PluginABI

/// An object with identity and behaviour, of this or another unit.
///
///     let client = try app.extension("mysql").foreign!
///     let rows = try await client.invoke("query", ["select 1"])
///
/// Holding it keeps the object alive. Properties and methods belong to the loop's thread.
nonisolated public final class ForeignObject: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<egg_object>
  let host: Host

  /// Adds a reference.
  init(retaining pointer: UnsafeMutablePointer<egg_object>, host: Host) {
    self.pointer = pointer
    self.host = host
    pointer.pointee.ops.pointee.retain(pointer)
  }

  /// Takes over the caller's reference.
  init(adopting pointer: UnsafeMutablePointer<egg_object>, host: Host) {
    self.pointer = pointer
    self.host = host
  }

  deinit { pointer.pointee.ops.pointee.release(pointer) }

  /// What it is, by its maker: `com.example.mysql.client/1`.
  public var type: String { String(cString: pointer.pointee.ops.pointee.type) }

  public func isSame(as other: ForeignObject) -> Bool { pointer == other.pointer }

  /// The Swift object behind it when this unit's own SDK made it.
  public func local<T>(_ type: T.Type) -> T? { ObjectBox.object(of: pointer) as? T }

  /// A property. Nil-safe form: `Value.reference`'s members.
  ///
  /// - Throws: `EggError` when there is no property of that name.
  public func get(_ name: String) throws -> Value { try get(name, noCall) }

  /// The same on behalf of a request.
  @MainActor public func get(_ name: String, ctx: Context) throws -> Value {
    try get(name, ctx.token)
  }

  private func get(_ name: String, _ call: egg_call) throws -> Value {
    guard let get = pointer.pointee.ops.pointee.get else { return .undefined }
    var out = egg_value()
    try Status.check(name.withEggString { get(pointer, call, $0, &out) }, "\(type).\(name)")
    return Value(out, host: host)
  }

  /// A C table that the object offers under an id, or nil.
  public func interface(_ id: String) -> UnsafeRawPointer? {
    pointer.pointee.ops.pointee.query?(pointer, id)
  }

  /// Runs a method and waits for its result.
  ///
  /// - Parameter ctx: on whose behalf; its cancellation reaches the method.
  /// - Throws: what the method throws, `EggError` when there is none of that name.
  @MainActor @discardableResult
  public func invoke(_ method: String, _ args: [any Encodable] = [], ctx: Context? = nil)
    async throws -> Value
  {
    let values = args.map { Value($0) }
    let call = ctx?.token ?? noCall
    return try await Awaited.value(host, "\(type).\(method)") { done, state in
      method.withEggString { name in
        withEggValues(values) {
          host.table.pointee.invoke_object(
            host.table, call, pointer, name, $0, $1, done, state)
        }
      }
    }
  }
}
