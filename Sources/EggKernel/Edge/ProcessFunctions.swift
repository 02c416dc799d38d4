import PluginABI

/// `egg.process/1`.
enum ProcessFunctions {
  static var table: egg_process {
    egg_process(
      size: UInt32(MemoryLayout<egg_process>.size), flags: 0, add_readiness: addReadiness,
      trace: trace, reload: reload)
  }

  private static let addReadiness:
    @convention(c) (HostTable, UnsafePointer<egg_readiness>) -> egg_status = { host, item in
      let unit = HostFunctions.unit(host)
      guard unit.worker.isOnLoop else {
        return HostFunctions.missing(unit, egg_call(), "add_readiness")
      }
      guard let table = adopt(UnsafeRawPointer(item), as: egg_readiness.self) else {
        return Status.unsupported
      }
      guard table.name != nil, table.check != nil else { return Status.argument }
      let name = String(cString: table.name)
      guard !unit.worker.readinessChecks.contains(where: { $0.name == name && $0.unit === unit })
      else { return Status.exists }
      unit.worker.readinessChecks.append(Health.Check(name: name, table: table, unit: unit))
      return Status.ok
    }

  private static let trace:
    @convention(c) (
      HostTable, egg_call, UnsafeMutablePointer<egg_str>?, UnsafeMutablePointer<egg_str>?,
      UnsafeMutablePointer<egg_str>?
    ) -> egg_status = { host, token, trace, span, parent in
      guard let context = HTTPFunctions.context(host, token) else {
        return HTTPFunctions.missing(host, token, "trace")
      }
      let identity = context.traceIdentity
      for (place, bytes) in [
        (trace, identity.trace), (span, identity.span), (parent, identity.parent),
      ] {
        guard let place else { continue }
        guard let copy = bytes.withUnsafeBufferPointer({ context.arena.copy($0) }) else {
          return Status.limit
        }
        place.pointee = egg_str(copy)
      }
      return Status.ok
    }

  private static let reload: @convention(c) (HostTable, egg_str) -> egg_status = { host, reason in
    let unit = HostFunctions.unit(host)
    guard unit.worker.isOnLoop else { return HostFunctions.missing(unit, egg_call(), "reload") }
    guard reason.isPlausible, reason.len < 1 << 16 else { return Status.argument }
    guard let request = unit.worker.requestReload else { return Status.unsupported }
    request("\(unit.name): \(reason.string)")
    return Status.ok
  }
}
