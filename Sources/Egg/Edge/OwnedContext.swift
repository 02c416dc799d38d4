internal import PluginABI

/// The end of a context that a unit made itself, on whatever thread its last holder let it go.
nonisolated final class OwnedContext {
  fileprivate let host: Host
  fileprivate let token: UInt64

  private init(_ host: Host, _ token: UInt64) {
    self.host = host
    self.token = token
  }

  /// Nobody holds the object any more that was handed out for `core`.
  static func abandon(_ core: Context, _ unit: Unit, _ token: UInt64) {
    // Says what the kernel knows already, and with that whether this is the loop's thread.
    let pointer = Unmanaged.passUnretained(core).toOpaque()
    let status = unit.host.table.pointee.set_local(
      unit.host.table, egg_call(token: token), unit.contextKey, pointer, nil)
    if status == egg_status(EGG_E_THREAD) {
      Posted.post(unit.host) { core.abandon() }
    } else {
      unsafeBitCast(onLoop, to: ((Context) -> Void).self)(core)
    }
  }

  private static var onLoop: @MainActor (Context) -> Void { { $0.abandon() } }

  static func end(_ host: Host, _ unit: Unit, _ token: UInt64) {
    let call = egg_call(token: token)
    let status = host.table.pointee.set_local(host.table, call, unit.contextKey, nil, nil)
    if status == Status.ok {
      _ = host.table.pointee.finish(host.table, call, nil)
    } else if status == egg_status(EGG_E_THREAD) {
      let reference = Unmanaged.passRetained(OwnedContext(host, token))
      _ = host.loop.pointee.post(host.table, endOwnedContext, reference.toOpaque())
    }
  }
}

private nonisolated let endOwnedContext: @convention(c) (UnsafeMutableRawPointer?) -> Void = {
  guard let state = $0 else { return }
  let owned = Unmanaged<OwnedContext>.fromOpaque(state).takeRetainedValue()
  _ = owned.host.table.pointee.finish(owned.host.table, egg_call(token: owned.token), nil)
}
