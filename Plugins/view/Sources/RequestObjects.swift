import Egg
import EggTemplateValues
import PluginABI

/// `ctx`, `request` and `helper` as templates see them: three objects for all requests, because what
/// is asked of them comes with the call it is asked for.
///
/// Members are those that units add to the context, the request and the helper, and behind them
/// what the framework's own have (`ctx.path`, `request.ip`, …; see `contextMember`).
nonisolated final class RequestObjects {
  static let names = ["ctx", "request", "helper"]

  /// One of the three, laid out as other units see it.
  private struct Layout {
    var base: egg_object
    var owner: UnsafeMutableRawPointer
    var number: Int
  }

  let pairs: UnsafeBufferPointer<egg_pair>
  fileprivate let host: UnsafePointer<egg_host>
  private let memory: UnsafeMutablePointer<Layout>
  /// `viewMember`, which knows what the framework's own objects have.
  fileprivate lazy var ownMembers = resolve(UInt32(EGG_ON_CONTEXT), "viewMember")

  init(_ host: UnsafePointer<egg_host>) {
    self.host = host
    memory = .allocate(capacity: Self.names.count)
    var pairs: [egg_pair] = []
    for (number, name) in Self.names.enumerated() {
      let layout = memory + number
      var value = egg_value()
      value.kind = egg_kind(EGG_OBJECT)
      value.as.object = UnsafeMutableRawPointer(layout).assumingMemoryBound(to: egg_object.self)
      pairs.append(egg_pair(key: egg_str(permanent: name), value: value))
    }
    let lasting = UnsafeMutableBufferPointer<egg_pair>.allocate(capacity: pairs.count)
    _ = lasting.initialize(from: pairs)
    self.pairs = UnsafeBufferPointer(lasting)
    for (number, name) in Self.names.enumerated() {
      (memory + number).initialize(
        to: Layout(
          base: egg_object(ops: Self.operations("egg.view.\(name)/1")),
          owner: Unmanaged.passUnretained(self).toOpaque(), number: number))
    }
  }

  private static func operations(_ type: String) -> UnsafePointer<egg_object_ops> {
    var ops = egg_object_ops()
    ops.size = UInt32(MemoryLayout<egg_object_ops>.size)
    ops.type = egg_str(permanent: type).ptr
    // They stay for the life of the process.
    ops.retain = { _ in }
    ops.release = { _ in }
    ops.get = { object, call, name, out in
      let layout = RequestObjects.layout(object)
      return RequestObjects.owner(layout).get(layout.number, call, name, out)
    }
    ops.invoke = { object, call, name, args, count, result in
      let layout = RequestObjects.layout(object)
      return RequestObjects.owner(layout).invoke(layout.number, call, name, args, count, result)
    }
    let memory = UnsafeMutablePointer<egg_object_ops>.allocate(capacity: 1)
    memory.initialize(to: ops)
    return UnsafePointer(memory)
  }

  private static func layout(_ object: UnsafeMutablePointer<egg_object>) -> Layout {
    UnsafeMutableRawPointer(object).assumingMemoryBound(to: Layout.self).pointee
  }

  private static func owner(_ layout: Layout) -> RequestObjects {
    Unmanaged<RequestObjects>.fromOpaque(layout.owner).takeUnretainedValue()
  }

  private static func target(_ number: Int) -> UInt32 {
    UInt32([EGG_ON_CONTEXT, EGG_ON_REQUEST, EGG_ON_HELPER][number])
  }

  fileprivate func resolve(_ target: UInt32, _ name: String) -> egg_member? {
    egg_str.lend(name) { resolve(target, $0) }
  }

  private func resolve(_ target: UInt32, _ name: egg_str) -> egg_member? {
    var member = egg_member()
    let status = host.pointee.resolve(host, target, name, &member)
    return status == egg_status(EGG_OK) ? member : nil
  }

  // MARK: what is asked

  private func get(
    _ number: Int, _ call: egg_call, _ name: egg_str, _ out: UnsafeMutablePointer<egg_value>
  ) -> egg_status {
    if let member = resolve(Self.target(number), name) {
      return host.pointee.get(host, call, member, out)
    }
    if number == 0, let place = Self.names.dropFirst().firstIndex(of: name.string) {
      out.pointee = pairs[place].value
      return egg_status(EGG_OK)
    }
    return own(number, call, name, nil, 0, out, nil)
  }

  /// Settles `call`, which is the callee's own.
  private func invoke(
    _ number: Int, _ call: egg_call, _ name: egg_str, _ args: UnsafePointer<egg_value>?,
    _ count: UInt32, _ result: UnsafeMutablePointer<egg_value>
  ) -> egg_step {
    if let member = resolve(Self.target(number), name) {
      return forward(member, call, args, count, result)
    }
    var failure: UnsafePointer<egg_error>?
    let status = own(number, call, name, args, count, result, &failure)
    if status == egg_status(EGG_OK), result.pointee.kind != egg_kind(EGG_UNDEFINED) {
      return egg_step(EGG_STEP_DONE)
    }
    if let failure { return host.pointee.fail(host, call, failure) }
    let message = "\(Self.names[number]).\(name.string) is not a function"
    return EggError(code: "EGG_NOT_FOUND", message).fail(call, host)
  }

  /// Asks the framework's own object.
  private func own(
    _ number: Int, _ call: egg_call, _ name: egg_str, _ args: UnsafePointer<egg_value>?,
    _ count: UInt32, _ out: UnsafeMutablePointer<egg_value>,
    _ failure: UnsafeMutablePointer<UnsafePointer<egg_error>?>?
  ) -> egg_status {
    guard let ownMembers, number < 2, count <= 8 else { return egg_status(EGG_E_NOT_FOUND) }
    return withUnsafeTemporaryAllocation(of: egg_value.self, capacity: Int(count) + 2) { all in
      var kind = egg_value()
      kind.kind = egg_kind(EGG_INT)
      kind.as.integer = Int64(number)
      var text = egg_value()
      text.kind = egg_kind(EGG_STRING)
      text.count = UInt32(clamping: name.len)
      text.as.string = name.ptr
      all.initializeElement(at: 0, to: kind)
      all.initializeElement(at: 1, to: text)
      for place in 0..<Int(count) { all.initializeElement(at: place + 2, to: args![place]) }
      let status = host.pointee.invoke_now(
        host, call, ownMembers, UnsafePointer(all.baseAddress!), count + 2, out, failure)
      let isMissing = status == egg_status(EGG_OK) && out.pointee.kind == egg_kind(EGG_UNDEFINED)
      return isMissing ? egg_status(EGG_E_NOT_FOUND) : status
    }
  }

  /// Calls a unit's member and settles `call` with what comes.
  private func forward(
    _ member: egg_member, _ call: egg_call, _ args: UnsafePointer<egg_value>?, _ count: UInt32,
    _ result: UnsafeMutablePointer<egg_value>
  ) -> egg_step {
    var failure: UnsafePointer<egg_error>?
    var status = host.pointee.invoke_now(host, call, member, args, count, result, &failure)
    if status == egg_status(EGG_OK) { return egg_step(EGG_STEP_DONE) }
    if let failure, status == egg_status(EGG_E_FAILED) {
      return host.pointee.fail(host, call, failure)
    }
    let waiting = Unmanaged.passRetained(Forwarded(host, call))
    status = host.pointee.invoke(
      host, call, member, args, count,
      { state, outcome in
        Unmanaged<Forwarded>.fromOpaque(state!).takeRetainedValue().finish(outcome.pointee)
      }, waiting.toOpaque())
    if status == egg_status(EGG_OK) { return egg_step(EGG_STEP_LATER) }
    waiting.release()
    return EggError("the member cannot be called (status \(status))").fail(call, host)
  }
}

/// A call that waits for a member which suspends.
private nonisolated final class Forwarded {
  private let host: UnsafePointer<egg_host>
  private let call: egg_call

  init(_ host: UnsafePointer<egg_host>, _ call: egg_call) {
    self.host = host
    self.call = call
  }

  func finish(_ outcome: egg_outcome) {
    if let error = outcome.error {
      _ = host.pointee.fail(host, call, error)
    } else {
      var value = outcome.value
      _ = host.pointee.finish(host, call, &value)
    }
  }
}
