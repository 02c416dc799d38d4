internal import PluginABI

/// A method or property of this unit that others call by name. Kept for ever.
final class MemberRegistration {
  fileprivate typealias Now = @MainActor (Unit, egg_call, Arguments) throws -> Value
  fileprivate typealias Later = @MainActor (Unit, egg_call, Arguments) async throws -> Value

  fileprivate let unit: Unit
  fileprivate let name: String
  fileprivate let now: Now?
  fileprivate let later: Later?
  fileprivate let get: (@MainActor (Unit, egg_call) throws -> Value)?
  fileprivate let set: (@MainActor (Unit, egg_call, Value) throws -> Void)?

  init(
    _ unit: Unit, _ name: String,
    now: (@MainActor (Unit, egg_call, Arguments) throws -> Value)? = nil,
    later: (@MainActor (Unit, egg_call, Arguments) async throws -> Value)? = nil,
    get: (@MainActor (Unit, egg_call) throws -> Value)? = nil,
    set: (@MainActor (Unit, egg_call, Value) throws -> Void)? = nil
  ) {
    self.unit = unit
    self.name = name
    self.now = now
    self.later = later
    self.get = get
    self.set = set
  }

  static func add(_ member: MemberRegistration, on target: UInt32) {
    var item = egg_method()
    item.size = UInt32(MemoryLayout<egg_method>.size)
    item.flags = member.now == nil ? 0 : UInt32(EGG_METHOD_IMMEDIATE)
    item.target = target
    item.name = permanent(member.name)
    item.`self` = Unmanaged.passRetained(member).toOpaque()
    item.invoke = invokeMember
    let host = member.unit.host
    member.unit.refused(
      host.table.pointee.add_method(host.table, &item), "method \"\(member.name)\"")
  }

  static func addProperty(_ member: MemberRegistration, on target: UInt32, once: Bool) {
    var item = egg_property()
    item.size = UInt32(MemoryLayout<egg_property>.size)
    item.flags = once ? UInt32(EGG_PROPERTY_ONCE) : 0
    item.target = target
    item.name = permanent(member.name)
    item.`self` = Unmanaged.passRetained(member).toOpaque()
    item.get = getMember
    if member.set != nil { item.set = setMember }
    let host = member.unit.host
    member.unit.refused(
      host.table.pointee.add_property(host.table, &item), "property \"\(member.name)\"")
  }

  /// A getter or setter has no way to say why; the log gets it.
  fileprivate func failed(_ error: any Error, _ call: egg_call) -> egg_status {
    unit.host.log(nil, call, .warn, "property \"\(name)\": \(EggError(error).message)", .undefined)
    return Status.failed
  }
}

private typealias Item = UnsafeMutableRawPointer?

private func member(_ item: Item) -> MemberRegistration? {
  item.map { Unmanaged<MemberRegistration>.fromOpaque($0).takeUnretainedValue() }
}

private let invokeMember = unsafeBitCast(
  { item, call, args, count, result in
    guard let member = member(item) else { return Step.done }
    let unit = member.unit
    let arguments = Arguments(args, count, name: member.name, host: unit.host)
    if let now = member.now {
      return Job.now(unit, call, result) { try now(unit, call, arguments) }
    }
    guard let later = member.later else { return Step.done }
    return Job.start(unit, call, result) { try await later(unit, call, arguments) }
  }
    as @MainActor @convention(c) (
      Item, egg_call, UnsafePointer<egg_value>?, UInt32, UnsafeMutablePointer<egg_value>
    ) -> egg_step,
  to: (@convention(c) (
    Item, egg_call, UnsafePointer<egg_value>?, UInt32, UnsafeMutablePointer<egg_value>
  ) -> egg_step).self)

private let getMember = unsafeBitCast(
  { item, call, out in
    guard let member = member(item), let get = member.get, let item else {
      return Status.notFound
    }
    do {
      return try member.unit.visit(call) {
        let value = try get(member.unit, call)
        return member.unit.answer(value, to: call, at: out, key: UnsafeRawPointer(item))
      }
    } catch {
      return member.failed(error, call)
    }
  } as @MainActor @convention(c) (Item, egg_call, UnsafeMutablePointer<egg_value>) -> egg_status,
  to: (@convention(c) (Item, egg_call, UnsafeMutablePointer<egg_value>) -> egg_status).self)

private let setMember = unsafeBitCast(
  { item, call, value in
    guard let member = member(item), let set = member.set else { return Status.notFound }
    do {
      let value = Value(value.pointee, host: member.unit.host)
      try member.unit.visit(call) { try set(member.unit, call, value) }
      return Status.ok
    } catch {
      return member.failed(error, call)
    }
  } as @MainActor @convention(c) (Item, egg_call, UnsafePointer<egg_value>) -> egg_status,
  to: (@convention(c) (Item, egg_call, UnsafePointer<egg_value>) -> egg_status).self)
