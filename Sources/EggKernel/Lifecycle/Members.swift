import PluginABI

/// A method or property that a unit adds to Application, Context, Request, Response, Helper or Agent.
final class Member {
  enum Body {
    case method(egg_method)
    case property(egg_property)
  }

  let id: UInt64
  let target: UInt32
  let name: String
  var body: Body
  unowned(unsafe) var unit: Unit
  /// Keeps the name that the unit registered alive for the tables that point at it.
  let nameText: StaticText

  /// The kept value of an `EGG_PROPERTY_ONCE` property of the application.
  private(set) var onceValue: egg_value?
  private var memory = Arena()
  private var objects: [UnsafeMutablePointer<egg_object>] = []

  init(id: UInt64, target: UInt32, name: String, body: Body, unit: Unit) {
    self.id = id
    self.target = target
    self.name = name
    self.body = body
    self.unit = unit
    nameText = StaticText(name)
  }

  /// Keeps the first value for the life of the process.
  func keep(_ value: egg_value) throws(TreeRefusal) -> egg_value {
    let copy = try TreeCopier.copy(value, into: &memory, objects: &objects)
    onceValue = copy
    return copy
  }
}

/// All members by target and name. A later unit's takes the place of an earlier one's only when it is a
/// framework's or the application's, or its entry says `override`.
struct Members {
  private(set) var all: [Member] = []
  private var byName: [[String: Member]] = Array(repeating: [:], count: 7)

  static let targets: ClosedRange<UInt32> =
    UInt32(EGG_ON_APPLICATION)...UInt32(EGG_ON_AGENT)

  static func targetName(_ target: UInt32) -> String {
    switch Int(target) {
    case EGG_ON_APPLICATION: "application"
    case EGG_ON_CONTEXT: "context"
    case EGG_ON_REQUEST: "request"
    case EGG_ON_RESPONSE: "response"
    case EGG_ON_HELPER: "helper"
    case EGG_ON_AGENT: "agent"
    default: "target \(target)"
    }
  }

  func find(_ target: UInt32, _ name: String) -> Member? {
    guard Members.targets.contains(target) else { return nil }
    return byName[Int(target)][name]
  }

  func find(_ id: egg_member) -> Member? {
    let index = Int(truncatingIfNeeded: id.id) - 1
    return all.indices.contains(index) ? all[index] : nil
  }

  /// - Returns: the unit that has the name already, when it may not be replaced.
  mutating func add(
    _ target: UInt32, _ name: String, _ body: Member.Body, of unit: Unit, mayReplace: Bool
  ) -> Unit? {
    if let existing = byName[Int(target)][name] {
      guard mayReplace, existing.unit !== unit else { return existing.unit }
      existing.body = merged(existing.body, body)
      existing.unit = unit
      return nil
    }
    let member = Member(
      id: UInt64(all.count + 1), target: target, name: name, body: body, unit: unit)
    all.append(member)
    byName[Int(target)][name] = member
    return nil
  }

  /// An override of a property keeps the accessor it does not replace, as Egg's loader does.
  private func merged(_ old: Member.Body, _ new: Member.Body) -> Member.Body {
    guard case .property(let before) = old, case .property(var after) = new else { return new }
    if after.set == nil, before.set != nil, after.`self` == before.`self` {
      after.set = before.set
    }
    return .property(after)
  }
}
