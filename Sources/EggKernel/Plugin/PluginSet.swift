/// The plugins of a start, in the order in which they load.
package struct PluginSet: Sendable {
  /// Enabled plugins; each follows everything it depends on.
  package let plugins: [ResolvedPlugin]
  /// Names that are in a table but take no part, with the reason.
  package let absent: OrderedObject<String>
  package let notices: [BootNotice]

  /// The `plugins` member of `run/application_config.json`.
  package var dump: ConfigValue {
    var object = ConfigObject()
    for plugin in plugins { object[plugin.name] = plugin.dump }
    for (name, reason) in absent {
      object[name] = ["enable": false, "reason": .string(reason)]
    }
    return .object(object)
  }

  /// Decides which plugins are on, finds them, and puts them in order.
  ///
  /// - Plugins of another environment are out. One that is merely disabled comes back when an
  ///   enabled one depends on it, with an info line.
  /// - Only enabled plugins must exist. Differs from Egg, where a disabled one must, too.
  ///
  /// - Parameter host: when given, each manifest's demands are compared with it.
  /// - Throws: `.dependency` (Egg's PluginSequencifyError) for missing and circular
  ///   dependencies; `.pluginNotFound`; whatever is wrong with a plugin's files.
  /// - Source: Egg, `getOrderPlugins` and `sequencify`.
  package static func resolve(
    _ table: PluginTable, env: String, locator: PluginLocator, host: HostABI? = nil
  ) throws(BootError) -> PluginSet {
    var resolver = PluginResolver(table: table, env: env, locator: locator, host: host)
    try resolver.enable()
    let order = try PluginOrder.sort(resolver.graph)
    let plugins = order.map { resolver.enabled[$0]! }
    try checkNeeds(plugins)
    return PluginSet(
      plugins: plugins, absent: resolver.absent, notices: table.notices + resolver.notices)
  }

  /// Interfaces that plugins publish to each other must be there before they are asked for. The
  /// kernel's own begin with `egg.` and are compared by `HostABI`.
  private static func checkNeeds(_ plugins: [ResolvedPlugin]) throws(BootError) {
    let all = plugins.flatMap { $0.manifest?.provides["interfaces"] ?? [] }
    var published: Set<String> = []
    for plugin in plugins {
      for need in plugin.manifest?.needs ?? []
      where !need.hasPrefix("egg.") && !published.contains(need) {
        let why =
          all.contains(need)
          ? "which a plugin after it provides; add that plugin to its dependencies"
          : "which no enabled plugin provides" + Suggestion.phrase(for: need, among: all)
        throw BootError(
          .dependency, unit: plugin.name, "needs the interface \"\(need)\", \(why)",
          file: plugin.manifest?.path)
      }
      published.formUnion(plugin.manifest?.provides["interfaces"] ?? [])
    }
  }
}

/// Switches plugins on, those that others need included.
private struct PluginResolver {
  let table: PluginTable
  let env: String
  let locator: PluginLocator
  let host: HostABI?

  var enabled = OrderedObject<ResolvedPlugin>()
  var absent = OrderedObject<String>()
  var notices: [BootNotice] = []
  /// Names switched on by the tables, in their order.
  var wanted: [String] = []
  /// For an implicitly enabled plugin, the first that needed it.
  var neededBy: [String: String] = [:]

  init(table: PluginTable, env: String, locator: PluginLocator, host: HostABI?) {
    self.table = table
    self.env = env
    self.locator = locator
    self.host = host
  }

  mutating func enable() throws(BootError) {
    for (name, entry) in table.entries {
      if !entry.env.isEmpty, !entry.env.contains(env) {
        leaveOut(entry, env: entry.env)
      } else if entry.enable {
        if try read(entry) { wanted.append(name) }
      } else {
        absent[name] = "disabled in \(entry.enableFrom)"
      }
    }
    var next = 0
    while next < enabled.count {
      let plugin = enabled.values[next]
      for dependency in plugin.dependencies { try require(dependency, by: plugin.name) }
      next += 1
    }
    reportImplicit()
  }

  var graph: PluginOrder.Graph {
    var graph = PluginOrder.Graph(wanted: wanted)
    for (name, plugin) in enabled {
      graph.nodes[name] = PluginOrder.Node(
        dependencies: plugin.dependencies,
        optionalDependencies: plugin.optionalDependencies.filter {
          enabled.position(of: $0) != nil
        },
        from: plugin.dependenciesFrom, chain: chain(to: name))
    }
    let known = table.entries.keys
    graph.reason = { [absent] name in
      if let reason = absent[name] { return reason }
      return "it is in no plugin table" + Suggestion.phrase(for: name, among: known)
    }
    return graph
  }

  /// Switches on a candidate that an enabled plugin depends on.
  private mutating func require(_ name: String, by parent: String) throws(BootError) {
    if let place = enabled.position(of: name) {
      if enabled[at: place].implicitEnable { enabled[at: place].dependents.append(parent) }
      return
    }
    guard let entry = table.entries[name], !entry.enable,
      entry.env.isEmpty || entry.env.contains(env)
    else { return }  // missing; the sort reports it
    neededBy[name] = parent
    guard try read(entry), let place = enabled.position(of: name) else { return }
    absent[name] = nil
    enabled[at: place].implicitEnable = true
    enabled[at: place].dependents = [parent]
  }

  /// - Returns: false when its own files say that it is for other environments.
  private mutating func read(_ entry: PluginEntry) throws(BootError) -> Bool {
    guard let found = locator.find(entry) else {
      throw locator.notFound(entry, chain: chain(to: entry.name))
    }
    let plugin = try ResolvedPlugin.read(entry, found: found, host: host, notices: &notices)
    if !plugin.env.isEmpty, !plugin.env.contains(env) {
      leaveOut(entry, env: plugin.env)
      return false
    }
    enabled[entry.name] = plugin
    return true
  }

  private mutating func leaveOut(_ entry: PluginEntry, env list: [String]) {
    let names = list.joined(separator: ", ")
    absent[entry.name] = "for the environment \(names) only, this is \(env)"
    if entry.enable {
      notices.append(
        .info("plugin \"\(entry.name)\" is off: it is for the environment \(names), this is \(env)")
      )
    }
  }

  private mutating func reportImplicit() {
    for plugin in enabled.values where plugin.implicitEnable {
      let by = plugin.dependents.map { "\"\($0)\"" }.joined(separator: ", ")
      notices.append(.info("plugin \"\(plugin.name)\" is enabled implicitly, required by \(by)"))
      if plugin.entry.enableFromApplication {
        notices.append(
          .warning(
            "plugin \"\(plugin.name)\" is enabled although \(plugin.entry.enableFrom) disables it, "
              + "because \(by) needs it; disable that too, or enable \"\(plugin.name)\""))
      }
    }
  }

  private func chain(to name: String) -> [String] {
    var chain = [name]
    while let parent = neededBy[chain[0]], !chain.contains(parent) { chain.insert(parent, at: 0) }
    return chain
  }
}
