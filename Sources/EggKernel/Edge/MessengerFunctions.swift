import PluginABI

/// `egg.messenger/1`.
enum MessengerFunctions {
  static var table: egg_messenger {
    egg_messenger(
      size: UInt32(MemoryLayout<egg_messenger>.size), flags: 0, send: send, on: on, off: off,
      drained: drained)
  }

  private static let send:
    @convention(c) (HostTable, UInt32, UInt64, egg_str, UnsafePointer<egg_value>?) -> egg_status = {
      host, to, pid, action, data in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "send") }
      guard action.isPlausible, action.len > 0, action.len < 1 << 16,
        let target = MessageTarget(to, pid: pid)
      else { return Status.argument }
      return unit.worker.messenger.send(target, action, data?.pointee ?? egg_value())
    }

  private static let on:
    @convention(c) (
      HostTable, UInt32, egg_str,
      @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<egg_value>) -> Void,
      UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt64>
    ) -> egg_status = { host, side, action, heard, state, out in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "on") }
      guard action.isPlausible, action.len > 0,
        let token = unit.worker.messenger.add(side, action.string, heard, state)
      else { return Status.argument }
      out.pointee = token
      return Status.ok
    }

  private static let off: @convention(c) (HostTable, UInt64) -> egg_status = { host, token in
    let unit = HostFunctions.unit(host)
    guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "off") }
    return unit.worker.messenger.remove(token) ? Status.ok : Status.stale
  }

  private static let drained:
    @convention(c) (HostTable, egg_done, UnsafeMutableRawPointer?) -> egg_status = {
      host, done, state in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "drained") }
      unit.worker.messenger.whenDrained(done, state)
      return Status.ok
    }
}
