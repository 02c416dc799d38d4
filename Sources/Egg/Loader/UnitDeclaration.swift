internal import PluginABI

/// What a unit consists of, as the loader found it. The generated file fills it in.
public struct UnitDeclaration {
  let unit: Unit

  init(_ unit: Unit) { self.unit = unit }

  public var app: Application { unit.application }

  /// Whether the application runs in that environment.
  public func runs(in environment: String) -> Bool { unit.info.env == environment }

  // MARK: app.swift, agent.swift, router.swift

  public func boot(_ type: Boot.Type) {
    guard unit.info.runsApplication else { return }
    unit.boots.append(type.init(unit.application))
  }

  public func boot(_ function: @escaping @MainActor (Application) throws -> Void) {
    guard unit.info.runsApplication, let app = unit.application else { return }
    unit.atConfiguration.append { try function(app) }
  }

  public func agentBoot(_ type: AgentBoot.Type) {
    guard let agent = unit.agent else { return }
    unit.agentBoots.append(type.init(agent))
  }

  public func agentBoot(_ function: @escaping @MainActor (Agent) throws -> Void) {
    guard let agent = unit.agent else { return }
    unit.atConfiguration.append { try function(agent) }
  }

  public func router(_ function: @escaping @MainActor (Application) throws -> Void) {
    unit.routers.append(function)
  }

  // MARK: middlewares and controllers

  public func middleware(_ name: String, _ factory: MiddlewareFactory) {
    unit.factories[name] = factory
    MiddlewareRegistration.add(name, factory, to: unit)
  }

  /// Makes the actions reachable by text: `"admin.user.info"`.
  public func controller(_ controller: some ControllerActions) {
    for action in controller.actions { unit.actions[action.name] = action }
  }

  // MARK: members for other units

  /// A method that other units and templates call by name, at once.
  public func method<T: Extendable>(
    _ target: T.Type, _ name: String,
    _ body: @escaping @MainActor (T, Arguments) throws -> Value
  ) {
    MemberRegistration.add(
      MemberRegistration(unit, name, now: { try body(T.target($0, $1), $2) }), on: target.targetKind
    )
  }

  /// A method that may suspend.
  public func method<T: Extendable>(
    _ target: T.Type, _ name: String,
    _ body: @escaping @MainActor (T, Arguments) async throws -> Value
  ) {
    MemberRegistration.add(
      MemberRegistration(unit, name, later: { try await body(T.target($0, $1), $2) }),
      on: target.targetKind)
  }

  /// A property that other units and templates read by name.
  ///
  /// - Parameter once: ask only the first time for each target and keep the value.
  public func property<T: Extendable>(
    _ target: T.Type, _ name: String, once: Bool = false,
    get: @escaping @MainActor (T) throws -> Value,
    set: (@MainActor (T, Value) throws -> Void)? = nil
  ) {
    var assign: (@MainActor (Unit, egg_call, Value) throws -> Void)?
    if let set { assign = { try set(T.target($0, $1), $2) } }
    MemberRegistration.addProperty(
      MemberRegistration(unit, name, get: { try get(T.target($0, $1)) }, set: assign),
      on: target.targetKind, once: once)
  }

  // MARK: files of contributed directories

  public func export(_ path: String, value: Value) {
    let status = path.withEggString { path in
      withEggValue(value) { unit.host.table.pointee.add_export(unit.host.table, path, $0) }
    }
    unit.refused(status, "\(path): its export")
  }

  public func export(_ path: String, object: () throws -> any ExportedObject) {
    do {
      export(path, value: .reference(ObjectBox.wrap(try object(), unit)))
    } catch {
      unit.problems.append(EggError("\(path): \(EggError(error).message)"))
    }
  }

  public func export(_ path: String, controller: some ControllerActions) {
    export(path) { ControllerExport(controller.actions) }
  }

  public func export(_ path: String, middleware factory: MiddlewareFactory) {
    let unit = unit
    export(path) { MiddlewareExport(factory, unit) }
  }

  public func export(_ path: String, functions fill: (FunctionsExport) -> Void) {
    let functions = FunctionsExport()
    fill(functions)
    export(path) { functions }
  }

  /// A job of `app/schedule`: a class …
  public func export<S: Subscription, R>(
    _ path: String, schedule: some Encodable,
    _ run: @escaping @MainActor (S) -> @MainActor () async throws -> R
  ) {
    export(path) {
      ScheduleExport(try Value(encoding: schedule)) { _ = try await run(S($0))() }
    }
  }

  /// … or a function.
  public func export<R>(
    _ path: String, schedule: some Encodable,
    _ run: @escaping @MainActor (Context) async throws -> R
  ) {
    export(path) { ScheduleExport(try Value(encoding: schedule)) { _ = try await run($0) } }
  }
}
