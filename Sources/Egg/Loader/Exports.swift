/// A controller of a contributed directory: its actions by name.
///
/// Property `actions`: the names. Every action is a method; it runs with the caller's context.
final class ControllerExport: ExportedObject {
  let objectType = "egg.controller/1"
  private let actions: [String: Action]
  private let names: [String]

  init(_ actions: [Action]) {
    names = actions.map(\.shortName)
    self.actions = Dictionary(actions.map { ($0.shortName, $0) }) { first, _ in first }
  }

  func property(_ name: String) throws -> Value {
    if name == "actions" { return .list(names.map { .text($0) }) }
    return .undefined
  }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard let action = actions[method] else { throw noSuchMethod(method) }
    guard let ctx else { throw EggError("action \"\(action.name)\" needs a context") }
    return try await action.run(ctx)
  }
}

/// A middleware of a contributed directory. Method `make(options)` gives an instance, an object
/// with the method `handle(next)`; `next` is an object with the method `next()`.
final class MiddlewareExport: ExportedObject {
  let objectType = "egg.middleware/1"
  private let factory: MiddlewareFactory
  private let unit: Unit

  init(_ factory: MiddlewareFactory, _ unit: Unit) {
    self.factory = factory
    self.unit = unit
  }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "make" else { throw noSuchMethod(method) }
    let middleware = try factory.make(args[0], unit.application)
    return try .returning(MiddlewareInstance(Chain(unit, [.middleware(middleware)])))
  }
}

final class MiddlewareInstance: ExportedObject {
  let objectType = "egg.middleware.instance/1"
  private let chain: Chain

  init(_ chain: Chain) { self.chain = chain }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "handle" else { throw noSuchMethod(method) }
    guard let ctx else { throw EggError("a middleware needs a context") }
    try await Run.inside(chain, ctx, below: args[0].foreign)
    return .undefined
  }
}

/// What lies below a middleware of another unit.
final class NextObject: ExportedObject {
  let objectType = "egg.next/1"
  private let next: @MainActor () async throws -> Void

  init(_ next: @escaping @MainActor () async throws -> Void) { self.next = next }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    try await next()
    return .undefined
  }
}

extension ForeignObject {
  /// This exported middleware (`app/io/middleware/auth.swift`), ready to run.
  ///
  /// - Returns: a function of the context and of what lies below it.
  /// - Throws: `EggError` when the options are refused.
  public func middleware(_ options: Value = [:]) async throws -> (
    @MainActor (Context, @escaping @MainActor () async throws -> Void) async throws -> Void
  ) {
    guard let instance = try await invoke("make", [options]).foreign else {
      throw EggError("\(type) is not a middleware")
    }
    return { ctx, next in
      let below = try Value.returning(NextObject(next))
      try await instance.invoke("handle", [below], ctx: ctx)
    }
  }
}

/// A job of `app/schedule`. Property `schedule`: when; method `run()`: one run.
final class ScheduleExport: ExportedObject {
  let objectType = "egg.schedule/1"
  private let schedule: Value
  private let run: @MainActor (Context) async throws -> Void

  init(_ schedule: Value, _ run: @escaping @MainActor (Context) async throws -> Void) {
    self.schedule = schedule
    self.run = run
  }

  func property(_ name: String) throws -> Value { name == "schedule" ? schedule : .undefined }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    guard method == "run" else { throw noSuchMethod(method) }
    guard let ctx else { throw EggError("a scheduled job needs a context") }
    try await run(ctx)
    return .undefined
  }
}

/// Free functions of a contributed file, `app/extend/filter.swift` for one.
///
/// Property `functions`: the names, property `immediate`: those that never suspend. Each function
/// is a method.
public final class FunctionsExport: ExportedObject {
  public let objectType = "egg.functions/1"
  private var names: [String] = []
  private var now: [String: @MainActor (Arguments) throws -> Value] = [:]
  private var later: [String: @MainActor (Arguments) async throws -> Value] = [:]

  public func function(_ name: String, _ body: @escaping @MainActor (Arguments) throws -> Value) {
    names.append(name)
    now[name] = body
  }

  public func function(
    _ name: String, _ body: @escaping @MainActor (Arguments) async throws -> Value
  ) {
    names.append(name)
    later[name] = body
  }

  public func property(_ name: String) throws -> Value {
    switch name {
    case "functions": .list(names.map { .text($0) })
    case "immediate": .list(names.filter { now[$0] != nil }.map { .text($0) })
    default: .undefined
    }
  }

  public func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    if let function = now[method] { return try function(args) }
    guard let function = later[method] else { throw noSuchMethod(method) }
    return try await function(args)
  }
}
