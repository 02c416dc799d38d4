internal import PluginABI

/// The kernel's callbacks of one connection, handed to its handler. Lives until `closed`.
final class TakenConnection {
  private let host: Host
  private let handler: any ConnectionHandler

  private init(_ host: Host, _ handler: any ConnectionHandler) {
    self.host = host
    self.handler = handler
  }

  static func take(_ ctx: Context, _ handler: any ConnectionHandler) throws {
    let host = ctx.kernel
    guard let upgrade = host.upgrade else {
      throw EggError("this kernel hands no connections over")
    }
    var ops = egg_connection_ops()
    ops.size = UInt32(MemoryLayout<egg_connection_ops>.size)
    ops.opened = connectionOpened
    ops.received = connectionReceived
    ops.writable = connectionWritable
    ops.closed = connectionClosed
    let reference = Unmanaged.passRetained(TakenConnection(host, handler))
    let status = upgrade.pointee.take(host.table, ctx.token, &ops, reference.toOpaque())
    guard status != Status.ok else { return }
    reference.release()
    try Status.check(status, "the connection cannot be taken over")
  }

  fileprivate static func of(_ state: UnsafeMutableRawPointer?) -> TakenConnection? {
    state.map { Unmanaged<TakenConnection>.fromOpaque($0).takeUnretainedValue() }
  }

  fileprivate func opened(_ id: UInt64) { handler.opened(Connection(host: host, id: id)) }
  fileprivate func received(_ id: UInt64, _ bytes: egg_str) {
    handler.received(Connection(host: host, id: id), UnsafeRawBufferPointer(bytes.bytes))
  }
  fileprivate func writable(_ id: UInt64) { handler.writable(Connection(host: host, id: id)) }
  fileprivate func closed(_ reason: egg_close_reason) {
    handler.closed(CloseReason(rawValue: Int(reason)) ?? .reset)
  }
}

private typealias State = UnsafeMutableRawPointer?

private let connectionOpened = unsafeBitCast(
  { state, id in TakenConnection.of(state)?.opened(id) }
    as @MainActor @convention(c) (State, UInt64) -> Void,
  to: (@convention(c) (State, UInt64) -> Void).self)

private let connectionReceived = unsafeBitCast(
  { state, id, bytes in TakenConnection.of(state)?.received(id, bytes) }
    as @MainActor @convention(c) (State, UInt64, egg_str) -> Void,
  to: (@convention(c) (State, UInt64, egg_str) -> Void).self)

private let connectionWritable = unsafeBitCast(
  { state, id in TakenConnection.of(state)?.writable(id) }
    as @MainActor @convention(c) (State, UInt64) -> Void,
  to: (@convention(c) (State, UInt64) -> Void).self)

private let connectionClosed = unsafeBitCast(
  { state, reason in
    guard let state else { return }
    Unmanaged<TakenConnection>.fromOpaque(state).takeRetainedValue().closed(reason)
  } as @MainActor @convention(c) (State, egg_close_reason) -> Void,
  to: (@convention(c) (State, egg_close_reason) -> Void).self)
