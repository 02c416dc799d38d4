import Glibc
import PluginABI

/// The functions behind `egg_host`. Each finds its unit through the table's `private_data` and its
/// request through the token; nothing here traps on what a unit passes.
enum HostFunctions {
  static var table: egg_host {
    egg_host(
      size: UInt32(MemoryLayout<egg_host>.size), abi_major: UInt16(EGG_ABI_MAJOR),
      abi_minor: UInt16(EGG_ABI_MINOR_LATEST), private_data: nil, query: query, log: log,
      add_middleware: addMiddleware, add_method: addMethod, add_property: addProperty,
      add_directory: addDirectory, add_export: addExport, publish: publish,
      make_middleware: makeMiddleware, config: config, set_config: setConfig, finish: finish,
      fail: fail, next: next, resolve: resolve, invoke: invoke, invoke_object: invokeObject,
      invoke_now: invokeNow, get: get, set: set, alloc: alloc, copy: copy, state: state,
      set_state: setState, local: local, set_local: setLocal, on_cancel: onCancel,
      cancelled: cancelled)
  }

  @inline(__always)
  static func unit(_ host: HostTable) -> Unit {
    Unmanaged<Unit>.fromOpaque(host.pointee.private_data!).takeUnretainedValue()
  }

  /// The call under `token`, for looking at: any holder, lent ones included.
  @inline(__always)
  static func find(_ unit: Unit, _ token: egg_call) -> Call? {
    guard LoopThread.isCurrent else { return nil }
    return unit.worker.calls.find(token)
  }

  /// Why `find` answered nil.
  static func missing(_ unit: Unit, _ token: egg_call, _ operation: String) -> egg_status {
    guard unit.worker.isOnLoop else {
      offThread(unit, operation)
      return Status.thread
    }
    return Status.stale
  }

  /// Logging off the loop's thread goes through it.
  static func offThread(_ unit: Unit, _ operation: String) {
    let box = Unmanaged.passRetained(OffThread(unit: unit, operation: operation))
    unit.worker.loop.mailbox.post(
      { state in
        let note = Unmanaged<OffThread>.fromOpaque(state!).takeRetainedValue()
        note.unit.worker.log.misuse(
          note.unit, note.operation,
          "was called on another thread than the loop's; come back with egg_loop.post first")
      }, box.toOpaque())
  }

  private final class OffThread {
    let unit: Unit
    let operation: String
    init(unit: Unit, operation: String) {
      self.unit = unit
      self.operation = operation
    }
  }

  // MARK: lookup and log

  static let query: @convention(c) (HostTable, UnsafePointer<CChar>) -> UnsafeRawPointer? = {
    host, id in
    let unit = unit(host)
    if let table = KernelInterfaces.find(id) { return table }
    guard unit.worker.isOnLoop else { return nil }
    return unit.worker.published[String(cString: id)]?.table
  }

  static let log:
    @convention(c) (HostTable, egg_call, egg_level, egg_str, UnsafePointer<egg_value>?) -> Void = {
      host, token, level, message, fields in
      let unit = unit(host)
      guard message.isPlausible else { return }
      let worker = unit.worker
      let logger = worker.log.logger
      guard logger.isEnabled(level) else { return }
      guard worker.isOnLoop else {
        OffThreadLine.post(unit, logger.face, level, message, fields)
        return
      }
      worker.log.write(
        logger, level, message.bytes, context: worker.calls.find(token)?.context,
        fields: fields?.pointee)
    }

  // MARK: settling

  static let finish: @convention(c) (HostTable, egg_call, UnsafePointer<egg_value>?) -> egg_step = {
    host, token, value in
    let unit = unit(host)
    guard let call = find(unit, token), !call.isLent else { return stale(unit, token, "finish") }
    let context = call.context
    if let value, call.purpose == .method {
      do throws(TreeRefusal) {
        call.result = try context.adopt(value.pointee)
      } catch {
        call.refuseResult(error, "finish")
      }
    }
    settle(call, .finish)
    return Step.later
  }

  static let fail: @convention(c) (HostTable, egg_call, UnsafePointer<egg_error>) -> egg_step = {
    host, token, error in
    let unit = unit(host)
    guard let call = find(unit, token), !call.isLent else { return stale(unit, token, "fail") }
    call.failure = call.context.adopt(error)
    settle(call, .fail)
    return Step.later
  }

  static let next:
    @convention(c) (HostTable, egg_call, egg_resume?, UnsafeMutableRawPointer?) -> egg_step = {
      host, token, resume, state in
      // What every layer that waits does; all that is refused goes the long way below.
      let hasGoneOn = CallSlots.withCall(token) { call, context in
        guard !call.isLent, call.purpose == .chain, call.mayGoOn else { return false }
        context.pendingResume = resume
        context.pendingState = state
        call.spend()
        context.pending = .goOn
        context.wake()
        return true
      }
      if hasGoneOn == true { return Step.later }
      let unit = unit(host)
      guard let call = find(unit, token), !call.isLent else { return stale(unit, token, "next") }
      unit.worker.log.misuse(
        unit, "next",
        call.purpose == .chain
          ? "was called a second time by the same layer; the rest of the chain runs once"
          : "is for middleware and route handlers; this call is a \(call.purpose)")
      return Step.stale
    }

  @inline(__always)
  private static func settle(_ call: Call, _ pending: Pending) {
    let context = call.context
    call.spend()
    switch call.purpose {
    case .chain:
      context.pending = pending
      context.wake()
    case .anonymous:
      context.worker.turn.push(.run { context.anonymousEnded() })
    case .method, .phase:
      if !call.isImmediate { context.worker.turn.push(.deliver(call)) }
    }
  }

  static func stale(_ unit: Unit, _ token: egg_call, _ operation: String) -> egg_step {
    guard unit.worker.isOnLoop else {
      offThread(unit, operation)
      return Step.stale
    }
    unit.worker.log.misuse(
      unit, operation,
      token.token == 0
        ? "was given no call" : "the call was settled or handed on before; each is settled once")
    return Step.stale
  }

  // MARK: memory and state of a context

  static let alloc: @convention(c) (HostTable, egg_call, Int, Int) -> UnsafeMutableRawPointer? = {
    host, token, size, alignment in
    guard let call = find(unit(host), token),
      let memory = call.context.arena.allocate(size, alignment: max(alignment, 1))
    else { return nil }
    memset(memory, 0, size)
    return memory
  }

  static let copy:
    @convention(c) (
      HostTable, egg_call, UnsafePointer<egg_value>, UnsafeMutablePointer<egg_value>
    ) -> egg_status = { host, token, value, out in
      let unit = unit(host)
      guard let call = find(unit, token) else { return missing(unit, token, "copy") }
      do throws(TreeRefusal) {
        out.pointee = try call.context.adopt(value.pointee)
        return Status.ok
      } catch {
        return error.status
      }
    }

  static let state:
    @convention(c) (HostTable, egg_call, egg_str, UnsafeMutablePointer<egg_value>) -> egg_status = {
      host, token, name, out in
      if name.len == 0, CallSlots.withContext(token, { $0.state.isEmpty }) == true {
        out.pointee = egg_value(pairs: nil, count: 0)
        return Status.ok
      }
      let unit = unit(host)
      guard let call = find(unit, token) else { return missing(unit, token, "state") }
      guard name.isPlausible else { return Status.argument }
      if name.len == 0 {
        // All of it, as one map.
        let state = call.context.state
        guard let pairs = call.context.arena.array(of: egg_pair.self, count: max(1, state.count))
        else { return Status.limit }
        for (index, pair) in state.enumerated() { pairs[index] = pair }
        out.pointee = egg_value(pairs: pairs, count: state.count)
        return Status.ok
      }
      guard let value = call.context.stateValue(name) else { return Status.notFound }
      out.pointee = value
      return Status.ok
    }

  static let setState:
    @convention(c) (HostTable, egg_call, egg_str, UnsafePointer<egg_value>) -> egg_status = {
      host, token, name, value in
      let unit = unit(host)
      guard let call = find(unit, token) else { return missing(unit, token, "set_state") }
      guard name.isPlausible, name.len > 0 else { return Status.argument }
      do throws(TreeRefusal) {
        try call.context.setState(name, value.pointee)
        return Status.ok
      } catch {
        return error.status
      }
    }

  static let local:
    @convention(c) (HostTable, egg_call, UnsafeRawPointer) -> UnsafeMutableRawPointer? = {
      _, token, key in
      CallSlots.withContext(token) { $0.local(key) } ?? nil
    }

  static let setLocal:
    @convention(c) (
      HostTable, egg_call, UnsafeRawPointer, UnsafeMutableRawPointer?,
      (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
    ) -> egg_status = { host, token, key, value, release in
      let isSet: Void? = CallSlots.withContext(token) {
        $0.setLocal(key, value, release: release)
      }
      return isSet == nil ? missing(unit(host), token, "set_local") : Status.ok
    }

  static let onCancel:
    @convention(c) (
      HostTable, egg_call, @convention(c) (UnsafeMutableRawPointer?) -> Void,
      UnsafeMutableRawPointer?
    ) -> egg_status = { host, token, hook, state in
      let unit = unit(host)
      guard let call = find(unit, token) else { return missing(unit, token, "on_cancel") }
      if call.context.isCancelled {
        hook(state)
        return Status.ok
      }
      call.cancelHook = hook
      call.cancelState = state
      return Status.ok
    }

  static let cancelled: @convention(c) (HostTable, egg_call) -> Bool = { host, token in
    find(unit(host), token)?.context.isCancelled ?? true
  }
}
