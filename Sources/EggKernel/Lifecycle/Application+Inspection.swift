import PluginABI

/// What a loaded application shows to `egg inspect` and to whoever starts it.
extension Application {
  /// The merged configuration; frozen once `load` has ended.
  package var configuration: ConfigTree { worker.config }

  /// What `run/router.json` holds: one object a route, in the order of registration.
  package var routes: ConfigValue { worker.routeDump() }

  /// Writes what the log has collected, for someone who is about to exit.
  package func flushLog() { worker.log.flush() }

  /// Writes what the log has collected and opens its files anew: SIGUSR1, `log-reload`.
  package func reloadLog() { worker.log.reload() }

  /// An interface that a unit published, and the host table with which to ask it: the application's.
  package func interface(
    _ id: String
  ) -> (table: UnsafeRawPointer, host: UnsafePointer<egg_host>)? {
    guard let table = worker.published[id]?.table, let unit = worker.units.last else { return nil }
    return (table, UnsafePointer(unit.host))
  }

  /// One layer of the composed onion.
  package struct LayerDescription {
    package let name: String
    /// The unit that registered it.
    package let unit: String
    /// It runs for a part of the paths only.
    package let isFiltered: Bool
  }

  /// The onion from the outside in, as it runs.
  package var onion: [LayerDescription] {
    worker.layers.layers.flatMap { layer in
      ([layer.name] + layer.fusedNames).map {
        LayerDescription(name: $0, unit: layer.unit.name, isFiltered: layer.filter != nil)
      }
    }
  }

  /// Registered middlewares that no list uses, each with its unit, sorted by name.
  package var unusedMiddlewares: [(name: String, unit: String)] {
    let used = Set(onion.map(\.name))
    return worker.middlewares.filter { !used.contains($0.key) }
      .map { ($0.key, $0.value.unit.name) }.sorted { $0.name < $1.name }
  }

  /// A method or property that a unit added to Application, Context and so on.
  package struct ExtensionDescription {
    /// `context`, `helper` …
    package let target: String
    package let name: String
    package let isMethod: Bool
    package let unit: String
  }

  /// In the order of registration.
  package var extensions: [ExtensionDescription] {
    worker.members.all.map { member in
      let isMethod = if case .method = member.body { true } else { false }
      return ExtensionDescription(
        target: Members.targetName(member.target), name: member.name, isMethod: isMethod,
        unit: member.unit.name)
    }
  }

  /// The value of a property that a unit added to the application, asked for now.
  ///
  /// - Returns: nil when there is none of that name, or it has no value.
  package func property(_ name: String) -> ConfigValue? {
    guard let member = worker.members.find(UInt32(EGG_ON_APPLICATION), name),
      case .property(let property) = member.body
    else { return nil }
    var out = egg_value()
    guard property.get(property.`self`, egg_call(), &out) == Status.ok else { return nil }
    return ConfigValue(out)
  }

  /// How long each unit took in each phase.
  package struct UnitTiming {
    package let unit: String
    package let phases: [(name: String, nanoseconds: UInt64)]

    package var total: UInt64 { phases.reduce(0) { $0 &+ $1.nanoseconds } }
  }

  /// In load order; units without a library have no phases.
  package var timings: [UnitTiming] {
    worker.units.map { unit in
      UnitTiming(unit: unit.name, phases: unit.phaseTimes.map { ($0.phase, $0.nanoseconds) })
    }
  }
}
