import Glibc
import PluginABI

/// Calling other units' extensions.
extension HostFunctions {
  static let resolve:
    @convention(c) (HostTable, UInt32, egg_str, UnsafeMutablePointer<egg_member>) -> egg_status = {
      host, target, name, out in
      let unit = unit(host)
      guard unit.worker.isOnLoop else { return missing(unit, egg_call(), "resolve") }
      guard name.isPlausible, Members.targets.contains(target) else { return Status.argument }
      guard let member = unit.worker.members.find(target, name.string) else {
        return Status.notFound
      }
      out.pointee = egg_member(id: member.id)
      return Status.ok
    }

  static let invoke:
    @convention(c) (
      HostTable, egg_call, egg_member, UnsafePointer<egg_value>?, UInt32, egg_done,
      UnsafeMutableRawPointer?
    ) -> egg_status = { host, token, id, arguments, count, done, state in
      let unit = unit(host)
      guard unit.worker.isOnLoop else { return missing(unit, token, "invoke") }
      guard let member = unit.worker.members.find(id) else { return Status.notFound }
      guard case .method(let method) = member.body else { return Status.unsupported }
      return start(
        unit, token, target: member.target, holder: member.unit,
        MethodStart(invoke: method.invoke, instance: method.`self`), arguments, count, done, state,
        "invoke")
    }

  static let invokeObject:
    @convention(c) (
      HostTable, egg_call, UnsafeMutablePointer<egg_object>, egg_str, UnsafePointer<egg_value>?,
      UInt32, egg_done, UnsafeMutableRawPointer?
    ) -> egg_status = { host, token, object, name, arguments, count, done, state in
      let unit = unit(host)
      guard unit.worker.isOnLoop else { return missing(unit, token, "invoke_object") }
      guard name.isPlausible, let operations = object.pointee.ops,
        operations.pointee.retain != nil, operations.pointee.release != nil
      else { return Status.argument }
      guard operations.pointee.invoke != nil else { return Status.unsupported }
      var begin = MethodStart(invoke: { _, _, _, _, _ in Step.done }, instance: nil)
      begin.object = object
      begin.name = name
      return start(
        unit, token, target: UInt32(EGG_ON_APPLICATION), holder: unit, begin, arguments, count,
        done, state, "invoke_object")
    }

  /// Takes a call for the callee, copies the arguments and starts it in this turn.
  private static func start(
    _ unit: Unit, _ token: egg_call, target: UInt32, holder: Unit, _ method: MethodStart,
    _ arguments: UnsafePointer<egg_value>?, _ count: UInt32, _ done: @escaping egg_done,
    _ state: UnsafeMutableRawPointer?, _ operation: String
  ) -> egg_status {
    let worker = unit.worker
    guard count == 0 || arguments != nil, count <= 1024 else { return Status.argument }
    let context: Context
    if token.token == 0 {
      guard target == UInt32(EGG_ON_APPLICATION) || target == UInt32(EGG_ON_AGENT) else {
        return Status.argument
      }
      context = worker.makeBackground()
    } else {
      guard let call = worker.calls.find(token) else { return Status.stale }
      context = call.context
    }
    // A background context that nothing comes to hang on goes back to the pool.
    defer { if token.token == 0 { context.recycleIfOver() } }
    var method = method
    if count > 0 {
      guard let copies = context.arena.array(of: egg_value.self, count: Int(count)) else {
        return Status.limit
      }
      for index in 0..<Int(count) {
        do throws(TreeRefusal) {
          copies[index] = try context.adopt(arguments![index])
        } catch {
          return error.status
        }
      }
      method.arguments = UnsafePointer(copies)
      method.count = count
    }
    if let object = method.object {
      // Kept until the context ends, like any object in its trees.
      object.pointee.ops.pointee.retain(object)
      context.objects.append(object)
      method.name = context.text(method.name)
    }
    guard let call = worker.calls.take(for: context, holder: holder, .method) else {
      return Status.limit
    }
    context.holds &+= 1
    call.done = done
    call.doneState = state
    call.method = method
    worker.turn.push(.start(call))
    return Status.ok
  }

  static let invokeNow:
    @convention(c) (
      HostTable, egg_call, egg_member, UnsafePointer<egg_value>?, UInt32,
      UnsafeMutablePointer<egg_value>, UnsafeMutablePointer<UnsafePointer<egg_error>?>?
    ) -> egg_status = { host, token, id, arguments, count, result, error in
      let unit = unit(host)
      guard let caller = find(unit, token) else { return missing(unit, token, "invoke_now") }
      let worker = unit.worker
      guard let member = worker.members.find(id) else { return Status.notFound }
      guard case .method(let method) = member.body,
        method.flags & UInt32(EGG_METHOD_IMMEDIATE) != 0
      else { return Status.unsupported }
      guard count == 0 || arguments != nil, count <= 1024 else { return Status.argument }
      let context = caller.context
      guard let call = worker.calls.take(for: context, holder: member.unit, .method) else {
        return Status.limit
      }
      defer { worker.calls.giveBack(call) }
      context.holds &+= 1
      defer { context.holds &-= 1 }
      call.isImmediate = true
      defer { call.isImmediate = false }
      let callee = call.issue(to: member.unit, mayGoOn: false)
      result.pointee = egg_value()
      let step = method.invoke(method.`self`, callee, arguments, count, result)
      if let failure = call.failure {
        error?.pointee = failure
        return Status.failed
      }
      if !call.isHeld {
        result.pointee = call.result
        return Status.ok
      }
      guard step == Step.done else {
        worker.log.misuse(
          member.unit, "invoke", "\"\(member.name)\" promised to be immediate and returned \(step)")
        error?.pointee = context.makeError(
          status: 500, code: "EGG_MISUSE", message: "a method lost its call", expose: false)
        return Status.failed
      }
      // Copied and checked: the caller may be a template that walks it.
      do throws(TreeRefusal) {
        result.pointee = try context.adopt(result.pointee)
        return Status.ok
      } catch let refusal {
        return refusal.status
      }
    }

  static let get:
    @convention(c) (HostTable, egg_call, egg_member, UnsafeMutablePointer<egg_value>) -> egg_status =
      { host, token, id, out in
        let unit = unit(host)
        guard unit.worker.isOnLoop else { return missing(unit, token, "get") }
        guard let member = unit.worker.members.find(id) else { return Status.notFound }
        guard case .property(let property) = member.body else { return Status.unsupported }
        let call = unit.worker.calls.find(token)
        if call == nil, token.token != 0 || !isGlobal(member.target) { return Status.stale }
        if property.flags & UInt32(EGG_PROPERTY_ONCE) != 0, let value = onceValue(member, call) {
          out.pointee = value
          return Status.ok
        }
        out.pointee = egg_value()
        let status = property.get(property.`self`, token, out)
        guard status == Status.ok, property.flags & UInt32(EGG_PROPERTY_ONCE) != 0 else {
          return status
        }
        return keepOnce(member, call, out)
      }

  private static func isGlobal(_ target: UInt32) -> Bool {
    target == UInt32(EGG_ON_APPLICATION) || target == UInt32(EGG_ON_AGENT)
  }

  private static func onceValue(_ member: Member, _ call: Call?) -> egg_value? {
    if isGlobal(member.target) { return member.onceValue }
    return call?.context.onceValues.first { $0.member == member.id }?.value
  }

  private static func keepOnce(
    _ member: Member, _ call: Call?, _ out: UnsafeMutablePointer<egg_value>
  ) -> egg_status {
    do throws(TreeRefusal) {
      if isGlobal(member.target) {
        out.pointee = try member.keep(out.pointee)
      } else if let context = call?.context {
        let copy = try context.adopt(out.pointee)
        context.onceValues.append((member.id, copy))
        out.pointee = copy
      }
      return Status.ok
    } catch {
      return error.status
    }
  }

  static let set:
    @convention(c) (HostTable, egg_call, egg_member, UnsafePointer<egg_value>) -> egg_status = {
      host, token, id, value in
      let unit = unit(host)
      guard unit.worker.isOnLoop else { return missing(unit, token, "set") }
      guard let member = unit.worker.members.find(id) else { return Status.notFound }
      guard case .property(let property) = member.body, let set = property.set else {
        return Status.unsupported
      }
      let call = unit.worker.calls.find(token)
      if call == nil, token.token != 0 || !isGlobal(member.target) { return Status.stale }
      call?.context.onceValues.removeAll { $0.member == member.id }
      return set(property.`self`, token, value)
    }
}
