internal import PluginABI

/// A type whose members a unit can add for others: Application, Agent, Context, Request,
/// Response, Helper.
@MainActor public protocol Extendable {
  static func target(of member: MemberCall) throws -> Self
  static var targetNumber: Int { get }
}

/// Whom a member is asked of.
public struct MemberCall {
  let unit: Unit
  let call: egg_call

  func context() throws -> Context {
    if let context = unit.context(for: call) { return context }
    throw EggError(code: "EGG_STALE", "this member needs a request")
  }
}

extension Extendable {
  static var targetKind: UInt32 { UInt32(targetNumber) }
  static func target(_ unit: Unit, _ call: egg_call) throws -> Self {
    try target(of: MemberCall(unit: unit, call: call))
  }
}

extension Application: Extendable {
  public static var targetNumber: Int { Int(EGG_ON_APPLICATION) }
  public static func target(of member: MemberCall) throws -> Application { member.unit.application }
}

extension Agent: Extendable {
  public static var targetNumber: Int { Int(EGG_ON_AGENT) }
  public static func target(of member: MemberCall) throws -> Agent {
    guard let agent = member.unit.agent else {
      throw EggError("there is no agent in this process")
    }
    return agent
  }
}

extension Context: Extendable {
  public static var targetNumber: Int { Int(EGG_ON_CONTEXT) }
  public static func target(of member: MemberCall) throws -> Context { try member.context() }
}

extension Request: Extendable {
  public static var targetNumber: Int { Int(EGG_ON_REQUEST) }
  public static func target(of member: MemberCall) throws -> Request {
    try member.context().request
  }
}

extension Response: Extendable {
  public static var targetNumber: Int { Int(EGG_ON_RESPONSE) }
  public static func target(of member: MemberCall) throws -> Response {
    try member.context().response
  }
}

extension Helper: Extendable {
  public static var targetNumber: Int { Int(EGG_ON_HELPER) }
  public static func target(of member: MemberCall) throws -> Helper { try member.context().helper }
}
