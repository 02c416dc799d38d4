internal import PluginABI

/// `ctx.state`: what middlewares, controllers and templates of every unit share in a request.
@dynamicMemberLookup
public struct ContextState {
  let ctx: Context

  public subscript(name: String) -> Value {
    get {
      ctx.prepareLocals()
      var out = egg_value()
      let host = ctx.kernel
      let status = name.withEggString {
        host.table.pointee.state(host.table, ctx.token, $0, &out)
      }
      return status == Status.ok ? Value(out, host: host) : .undefined
    }
    nonmutating set {
      ctx.prepareLocals()
      ctx.setState(name, newValue)
    }
  }

  public subscript(dynamicMember name: String) -> Value {
    get { self[name] }
    nonmutating set { self[name] = newValue }
  }

  /// Adds members; the ones there are stay unless they are named again.
  public func merge(_ values: Value) {
    for (name, value) in values.object ?? ValueMap() { self[name] = value }
  }
}

extension Context {
  /// Shared by every unit of the request. The first look copies `app.locals`; assigning merges.
  public var state: ContextState { ContextState(ctx: self) }
  public var locals: ContextState { ContextState(ctx: self) }

  fileprivate func prepareLocals() {
    guard lazyIfAny?.localsReady != true else { return }
    lazy.localsReady = true
    for (name, value) in app.locals where !isSet(name) { setState(name, value) }
  }

  private func isSet(_ name: String) -> Bool {
    var out = egg_value()
    let status = name.withEggString { kernel.table.pointee.state(kernel.table, token, $0, &out) }
    return status == Status.ok && Int(out.kind) != EGG_UNDEFINED
  }

  fileprivate func setState(_ name: String, _ value: Value) {
    name.withEggString { name in
      withEggValue(value) { _ = kernel.table.pointee.set_state(kernel.table, token, name, $0) }
    }
  }
}
