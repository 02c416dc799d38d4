import Egg
import EggTemplateValues
import Nunjucks
import PluginABI

/// Calls from templates into units.
nonisolated extension NunjucksEngine {
  /// A method that a unit added, at once.
  ///
  /// - Parameter first: an argument in front of those of the template.
  /// - Throws: `TemplateError` with the unit's message, or when the method may suspend.
  func call(
    _ member: egg_member, _ name: @autoclosure () -> String, _ call: TemplateCall,
    before first: egg_value? = nil
  ) throws -> TemplateValue {
    let count = call.count + (first == nil ? 0 : 1)
    return try withUnsafeTemporaryAllocation(of: egg_value.self, capacity: max(1, count)) { args in
      if let first { args.initializeElement(at: 0, to: first) }
      for place in 0..<call.count {
        args.initializeElement(
          at: count - call.count + place, to: lowered(call[place], depth: 0))
      }
      var result = egg_value()
      var failed: UnsafePointer<egg_error>?
      let status = host.pointee.invoke_now(
        host, self.call, member, UnsafePointer(args.baseAddress), UInt32(count), &result,
        &failed)
      switch Int(status) {
      case EGG_OK: return lifted(result)
      case EGG_E_FAILED:
        failure = failed
        throw TemplateError(failed?.pointee.message.string ?? "\(name()) failed")
      case EGG_E_UNSUPPORTED:
        throw TemplateError("\(name()) may suspend, so that templates cannot call it")
      default:
        throw TemplateError("\(name()) cannot be called (status \(status))")
      }
    }
  }

  /// A method of an object, or a tag, at once.
  ///
  /// The kernel calls objects later and members at once; so a member of this plugin passes its own
  /// call on.
  func call(
    _ callee: Callee, _ name: @autoclosure () -> String, _ call: TemplateCall,
    before first: egg_value? = nil
  ) throws -> TemplateValue {
    let outer = awaitedCallee
    awaitedCallee = callee
    defer { awaitedCallee = outer }
    return try self.call(objectCall, name(), call, before: first)
  }

  /// `nunjucksCall`
  func passOn(
    _ call: egg_call, _ args: UnsafePointer<egg_value>?, _ count: UInt32,
    _ result: UnsafeMutablePointer<egg_value>
  ) -> egg_step {
    let callee = awaitedCallee
    awaitedCallee = nil
    switch callee {
    case .object(let object, let name)?:
      guard let invoke = object.pointee.ops.pointee.invoke else { break }
      return invoke(object, call, name, args, count, result)
    case .tag(let tag, let use)?: return tag.run(tag.`self`, call, use, args, count, result)
    case nil: break
    }
    return EggError(code: "EGG_NOT_FOUND", "there is nothing to call").fail(call, host)
  }

  /// A method of an object that may suspend; `done` comes on the loop, later.
  func start(
    _ object: UnsafeMutablePointer<egg_object>, _ method: String, _ call: TemplateCall,
    _ done: @escaping (Result<TemplateValue, any Error>) -> Void
  ) {
    let args = (0..<call.count).map { lowered(call[$0], depth: 0) }
    let waiting = Unmanaged.passRetained(WaitingFilter(self, self.call, done))
    let status = egg_str.lend(method) { name in
      args.withUnsafeBufferPointer {
        host.pointee.invoke_object(
          host, self.call, object, name, $0.baseAddress, UInt32($0.count),
          { state, outcome in
            Unmanaged<WaitingFilter>.fromOpaque(state!).takeRetainedValue().finish(outcome.pointee)
          }, waiting.toOpaque())
      }
    }
    guard status != egg_status(EGG_OK) else { return }
    waiting.release()
    done(.failure(TemplateError("\(method) cannot be called (status \(status))")))
  }
}

/// A render that waits for a filter.
private nonisolated final class WaitingFilter {
  private let engine: NunjucksEngine
  private let call: egg_call
  private let done: (Result<TemplateValue, any Error>) -> Void

  init(
    _ engine: NunjucksEngine, _ call: egg_call,
    _ done: @escaping (Result<TemplateValue, any Error>) -> Void
  ) {
    self.engine = engine
    self.call = call
    self.done = done
  }

  /// The render goes on inside.
  func finish(_ outcome: egg_outcome) {
    engine.onBehalf(of: call) {
      switch Int(outcome.kind) {
      case EGG_OUTCOME_OK: done(.success(engine.lifted(outcome.value).owned()))
      case EGG_OUTCOME_CANCELLED: done(.failure(TemplateError("the client is gone")))
      default:
        done(.failure(TemplateError(outcome.error?.pointee.message.string ?? "a filter failed")))
      }
    }
  }
}
