import PluginABI

/// `egg.upgrade/1`.
enum UpgradeFunctions {
  static var table: egg_upgrade {
    egg_upgrade(
      size: UInt32(MemoryLayout<egg_upgrade>.size), flags: 0, take: take, write: write,
      write_buffer: writeBuffer, waiting: waiting, pause: pause, close: close, buffer: buffer,
      retain_buffer: retainBuffer, release_buffer: releaseBuffer)
  }

  private static let take:
    @convention(c) (
      HostTable, egg_call, UnsafePointer<egg_connection_ops>, UnsafeMutableRawPointer?
    ) -> egg_status = { host, token, operations, state in
      let unit = HostFunctions.unit(host)
      guard let call = HostFunctions.find(unit, token) else {
        return HostFunctions.missing(unit, token, "take")
      }
      guard let table = adopt(operations, as: egg_connection_ops.self) else {
        return Status.unsupported
      }
      guard table.received != nil, table.closed != nil else { return Status.argument }
      let context = call.context
      guard context.connection != nil, !context.isAnswered, context.takeover == nil else {
        return Status.phase
      }
      context.takeover = Takeover(table, state, unit: unit)
      return Status.ok
    }

  private static func find(_ host: HostTable, _ token: UInt64) -> Takeover? {
    let worker = HostFunctions.unit(host).worker
    guard worker.isOnLoop else { return nil }
    return worker.takeovers.find(token)
  }

  private static func missing(_ host: HostTable, _ operation: String) -> egg_status {
    HostFunctions.missing(HostFunctions.unit(host), egg_call(), operation)
  }

  private static let write: @convention(c) (HostTable, UInt64, egg_str) -> egg_status = {
    host, token, bytes in
    guard let takeover = find(host, token) else { return missing(host, "write") }
    guard bytes.isPlausible else { return Status.argument }
    return takeover.write(bytes.bytes)
  }

  private static let writeBuffer: @convention(c) (HostTable, UInt64, OpaquePointer) -> egg_status =
    {
      host, token, buffer in
      guard let takeover = find(host, token) else { return missing(host, "write_buffer") }
      return takeover.write(
        Unmanaged<SharedBuffer>.fromOpaque(UnsafeRawPointer(buffer)).takeUnretainedValue())
    }

  private static let waiting:
    @convention(c) (HostTable, UInt64, UnsafeMutablePointer<UInt64>) -> egg_status = {
      host, token, out in
      guard let takeover = find(host, token), let connection = takeover.connection else {
        return missing(host, "waiting")
      }
      out.pointee = UInt64(connection.outbox.waiting)
      return Status.ok
    }

  private static let pause: @convention(c) (HostTable, UInt64, Bool) -> egg_status = {
    host, token, paused in
    guard let takeover = find(host, token) else { return missing(host, "pause") }
    takeover.pause(paused)
    return Status.ok
  }

  private static let close: @convention(c) (HostTable, UInt64, Bool) -> egg_status = {
    host, token, now in
    guard let takeover = find(host, token) else { return missing(host, "close") }
    takeover.close(now: now)
    return Status.ok
  }

  private static let buffer: @convention(c) (HostTable, egg_str) -> OpaquePointer? = {
    _, bytes in
    guard bytes.isPlausible else { return nil }
    return OpaquePointer(Unmanaged.passRetained(SharedBuffer(bytes.bytes)).toOpaque())
  }

  private static let retainBuffer: @convention(c) (OpaquePointer) -> Void = { buffer in
    _ = Unmanaged<SharedBuffer>.fromOpaque(UnsafeRawPointer(buffer)).retain()
  }

  private static let releaseBuffer: @convention(c) (OpaquePointer) -> Void = { buffer in
    Unmanaged<SharedBuffer>.fromOpaque(UnsafeRawPointer(buffer)).release()
  }
}
