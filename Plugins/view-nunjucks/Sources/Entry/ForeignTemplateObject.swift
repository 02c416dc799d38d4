import Egg
import EggTemplateValues
import Nunjucks
import PluginABI

/// An object of another unit in a template: `helper`, `ctx`, `request`, or one of the locals.
nonisolated final class ForeignTemplateObject: TemplateObject {
  let pointer: UnsafeMutablePointer<egg_object>
  private unowned let engine: NunjucksEngine
  /// For the three objects of `view`: what their members are added to. Methods are then called
  /// without a detour through the object.
  let target: UInt32?

  init(_ pointer: UnsafeMutablePointer<egg_object>, _ engine: NunjucksEngine) {
    self.pointer = pointer
    self.engine = engine
    target =
      switch String(cString: pointer.pointee.ops.pointee.type) {
      case "egg.view.ctx/1": UInt32(EGG_ON_CONTEXT)
      case "egg.view.request/1": UInt32(EGG_ON_REQUEST)
      case "egg.view.helper/1": UInt32(EGG_ON_HELPER)
      default: nil
      }
  }

  /// As templates call it.
  private var shownName: String {
    switch Int(target ?? 0) {
    case EGG_ON_CONTEXT: "ctx"
    case EGG_ON_REQUEST: "request"
    case EGG_ON_HELPER: "helper"
    default: "object"
    }
  }

  private func added(_ name: TextView) -> egg_member? {
    guard let target else { return nil }
    var member = egg_member()
    let status = engine.host.pointee.resolve(
      engine.host, target, egg_str(name.bytes), &member)
    return status == egg_status(EGG_OK) ? member : nil
  }

  override func member(_ name: TextView) throws -> TemplateValue {
    if let get = pointer.pointee.ops.pointee.get {
      var value = egg_value()
      if get(pointer, engine.call, egg_str(name.bytes), &value) == egg_status(EGG_OK) {
        return engine.lifted(value)
      }
    }
    guard added(name) != nil else { return .undefined }
    // A method that is not called: `{% set greet = helper.greeting %}`
    let (method, object) = (name.string, self)
    return .object(
      TemplateFunction { call in
        try egg_str.lend(method) { text in
          Result { try object.invoke(TextView(text), call) ?? .undefined }
        }.get()
      })
  }

  override func invoke(_ method: TextView, _ call: TemplateCall) throws -> TemplateValue? {
    if let member = added(method) {
      return try engine.call(member, "\(shownName).\(method.string)", call)
    }
    guard pointer.pointee.ops.pointee.invoke != nil else { return nil }
    return try engine.call(.object(pointer, egg_str(method.bytes)), method.string, call)
  }
}
nonisolated

  extension TextView
{
  fileprivate init(_ text: egg_str) {
    let bytes = text.bytes
    guard let base = bytes.baseAddress else {
      self.init(UnsafePointer(bitPattern: 1)!, count: 0)
      return
    }
    self.init(base, count: bytes.count)
  }
}
