internal import PluginABI

extension ApplicationBase {
  /// Takes part in the answer to `/-/ready`: a load balancer sends requests only to processes that
  /// are ready.
  ///
  ///     app.readiness("mysql") { try await pool.ping() }
  ///
  /// - Parameters:
  ///   - name: shown when it fails.
  ///   - check: asked at each look, at most five seconds long; throws when requests should stay away.
  public func readiness(_ name: String, _ check: @escaping Scope) {
    guard let table = processTable else { return }
    let registration = ReadinessRegistration(unit, check)
    var item = egg_readiness()
    item.size = UInt32(MemoryLayout<egg_readiness>.size)
    item.name = permanent(name)
    item.`self` = Unmanaged.passRetained(registration).toOpaque()
    item.check = checkReadiness
    unit.refused(table.pointee.add_readiness(host.table, &item), "readiness \"\(name)\"")
  }

  /// Asks the master to replace the workers by new ones, one after the other.
  ///
  /// - Returns: false without a master.
  @discardableResult
  public func reload(_ reason: String) -> Bool {
    guard let table = processTable else { return false }
    return reason.withEggString { table.pointee.reload(host.table, $0) } == Status.ok
  }

  private var processTable: UnsafePointer<egg_process>? {
    host.query(EGG_PROCESS_ID)?.assumingMemoryBound(to: egg_process.self)
  }
}

extension Context {
  /// The id of the trace that this request belongs to, 32 hexadecimal digits: the client's when it
  /// sent a valid `traceparent`, otherwise a new one.
  ///
  /// Source: W3C Trace Context, section 3.2.
  public var traceId: String { trace().id }

  /// `traceparent` for requests that are made on behalf of this one.
  public var traceparent: String { trace().parent }

  private func trace() -> (id: String, parent: String) {
    let host = app.host
    guard let table = host.query(EGG_PROCESS_ID)?.assumingMemoryBound(to: egg_process.self) else {
      return ("", "")
    }
    var id = egg_str()
    var parent = egg_str()
    guard table.pointee.trace(host.table, token, &id, nil, &parent) == Status.ok else {
      return ("", "")
    }
    return (id.string, parent.string)
  }
}

private final class ReadinessRegistration {
  let unit: Unit
  let check: Scope

  init(_ unit: Unit, _ check: @escaping Scope) {
    self.unit = unit
    self.check = check
  }
}

private let checkReadiness = unsafeBitCast(
  { state, call in
    guard let state else { return Step.done }
    let registration = Unmanaged<ReadinessRegistration>.fromOpaque(state).takeUnretainedValue()
    return Job.start(registration.unit, call) {
      try await registration.check()
      return .undefined
    }
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step,
  to: (@convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step).self)
