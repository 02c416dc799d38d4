internal import PluginABI

/// A middleware of this unit under its name. Kept for ever.
final class MiddlewareRegistration {
  private let name: String
  private let factory: MiddlewareFactory
  private let unit: Unit

  private init(_ name: String, _ factory: MiddlewareFactory, _ unit: Unit) {
    self.name = name
    self.factory = factory
    self.unit = unit
  }

  static func add(_ name: String, _ factory: MiddlewareFactory, to unit: Unit) {
    let registration = MiddlewareRegistration(name, factory, unit)
    var item = egg_middleware()
    item.size = UInt32(MemoryLayout<egg_middleware>.size)
    item.name = permanent(name)
    item.`self` = Unmanaged.passRetained(registration).toOpaque()
    item.make = makeMiddleware
    item.handle = Chain.handle
    item.handle_run = Chain.handleRun
    unit.refused(
      unit.host.table.pointee.add_middleware(unit.host.table, &item), "middleware \"\(name)\"")
  }

  fileprivate func make(
    _ options: egg_value, _ instance: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
    _ message: UnsafeMutablePointer<egg_str>
  ) -> egg_status {
    do {
      let options = Value(options, host: unit.host)
      let middleware = try factory.make(options, unit.application)
      let chain = Chain(unit, [.middleware(middleware)])
      instance.pointee = Unmanaged.passRetained(chain).toOpaque()
      return Status.ok
    } catch {
      let text = "middleware \"\(name)\": \(EggError(error).message)"
      message.pointee = egg_str(ptr: permanent(text), len: text.utf8.count)
      return Status.failed
    }
  }
}

private let makeMiddleware = unsafeBitCast(
  { item, options, instance, message in
    guard let item else { return Status.argument }
    let registration = Unmanaged<MiddlewareRegistration>.fromOpaque(item).takeUnretainedValue()
    return registration.make(options.pointee, instance, message)
  }
    as @MainActor @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<egg_value>,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutablePointer<egg_str>
    ) -> egg_status,
  to: (@convention(c) (
    UnsafeMutableRawPointer?, UnsafePointer<egg_value>,
    UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutablePointer<egg_str>
  ) -> egg_status).self)
