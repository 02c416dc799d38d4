/// Reads and merges the configuration of all units.
///
/// All units' `config.default.json` in unit order, then all units' files of the scope, of the
/// environment, and of both: so a *plugin's* `config.prod.json` beats the *application's*
/// `config.default.json`, which gets a warning. `EGG_APP_CONFIG`, a JSON object, comes last.
/// - Source: Egg, `loadConfig`.
package struct ConfigLoader {
  private let appInfo: AppInfo
  private let units: [LoadUnit]
  private let interpolation: Interpolation
  private let variables: EnvironmentVariables
  private var tree = ConfigTree()

  private static let variableName = "EGG_APP_CONFIG"
  /// How Egg names the place in its dumps.
  package static let variableLabel = "<process.env.EGG_APP_CONFIG>"

  /// What people write, and what is meant.
  private static let misspellings = [
    "bodyparser": "bodyParser", "notFound": "notfound", "sitefile": "siteFile",
    "middlewares": "middleware", "httpClient": "httpclient",
  ]

  /// - Parameter units: plugins in their order, frameworks base first, the application.
  /// - Returns: the tree, open for `configWillLoad`; its `notices` hold the warnings. A `${NAME}`
  ///   without a value is reported by `freeze()`, since a later writer may still replace it.
  /// - Throws: `.config` for text that is not JSON, and for middleware lists in the wrong unit.
  package static func load(
    appInfo: AppInfo, units: [LoadUnit], variables: EnvironmentVariables = .process
  ) throws(BootError) -> ConfigTree {
    var loader = ConfigLoader(appInfo: appInfo, units: units, variables: variables)
    try loader.load()
    return loader.tree
  }

  private init(appInfo: AppInfo, units: [LoadUnit], variables: EnvironmentVariables) {
    self.appInfo = appInfo
    self.units = units
    self.variables = variables
    self.interpolation = Interpolation(appInfo: appInfo, variables: variables)
  }

  private mutating func load() throws(BootError) {
    for layer in ConfigLayer.all(of: "config", env: appInfo.env, scope: appInfo.scope) {
      for unit in units {
        if layer.isDefault, let embedded = unit.embeddedConfig {
          try add(embedded.document.root, of: unit, layer)
        }
        guard let directory = unit.directory,
          let root = try layer.read(directory: directory, unit: unit.label)
        else { continue }
        try add(root, of: unit, layer)
      }
    }
    addVariable()
    warnAboutEnvironmentFiles()
  }

  private mutating func add(
    _ root: LocatedValue, of unit: LoadUnit, _ layer: ConfigLayer
  ) throws(BootError) {
    try checkMiddlewareLists(root, of: unit)
    warnAboutMisspellings(root)
    merge(
      root,
      origin: ConfigOrigin(
        file: root.file, unit: unit.label, kind: unit.kind,
        stage: layer.isDefault ? .defaults : .environment))
  }

  private mutating func merge(_ root: LocatedValue, origin: ConfigOrigin) {
    let number = tree.register(origin)
    let interpolation = interpolation
    var complaints: [BootError] = []
    let earlier = tree.complaints.count
    tree.merge(root, origin: number) { value, position in
      switch value.value {
      case .null, .bool, .int, .double: return (value.value, -1)
      case .string(let text) where !text.utf8.contains(UInt8(ascii: "$")):
        return (value.value, -1)
      default: break
      }
      do throws(Interpolation.Failure) {
        return (try interpolation.expanded(value.value), -1)
      } catch {
        complaints.append(
          BootError(
            .config, unit: origin.unit, error.message, file: value.file,
            line: Int(position.line)))
        return (value.value, Int32(earlier + complaints.count - 1))
      }
    }
    tree.complaints += complaints
  }

  private mutating func addVariable() {
    guard let text = variables.trimmed(Self.variableName) else { return }
    do throws(JSONError) {
      let document = try JSONParser.parse(text, file: Self.variableLabel, options: .config)
      guard case .object = document.value else {
        tree.notices.append(
          .warning(
            "\(Self.variableName) is ignored: expected an object { … }, found "
              + document.value.kindName))
        return
      }
      let origin = ConfigOrigin(
        file: Self.variableLabel, unit: "app", kind: .application, stage: .late)
      let number = tree.register(origin)
      tree.merge(document.root, origin: number) { value, _ in (value.value, -1) }
    } catch {
      // Not the excerpt: the variable may hold passwords.
      tree.notices.append(
        .warning(
          "\(Self.variableName) is ignored: it is no JSON from its line \(error.line), column "
            + "\(error.column) on"))
    }
  }

  // MARK: Checks

  private func checkMiddlewareLists(
    _ root: LocatedValue, of unit: LoadUnit
  ) throws(BootError) {
    if unit.kind != .framework, let list = root["coreMiddleware"] {
      throw BootError(
        .config, unit: unit.label,
        "can not define \"coreMiddleware\" in app or plugin; "
          + (unit.kind == .application
            ? "write \"middleware\"" : "add to config.coreMiddleware in configWillLoad"),
        file: root.file, line: list.line)
    }
    if unit.kind != .application, let list = root["middleware"] {
      throw BootError(
        .config, unit: unit.label,
        "can not define \"middleware\" in a plugin or framework; "
          + (unit.kind == .framework
            ? "write \"coreMiddleware\"" : "add to config.coreMiddleware in configWillLoad"),
        file: root.file, line: list.line)
    }
    for key in ["middleware", "coreMiddleware"] {
      guard let list = root[key], list.value.strings == nil, !list.value.isNull else { continue }
      throw BootError(
        .config, unit: unit.label,
        "expected \"\(key)\" to be a list of strings, found \(list.value.kindName)",
        file: root.file, line: list.line)
    }
  }

  private mutating func warnAboutMisspellings(_ root: LocatedValue) {
    guard case .object(let object) = root.value else { return }
    for key in object.keys {
      guard let meant = Self.misspellings[key], let place = root[key] else { continue }
      tree.notices.append(
        .warning("\(root.file):\(place.line): \"\(key)\" has no effect, did you mean \"\(meant)\"?")
      )
    }
  }

  /// One warning for each leaf that the application's default set and that a plugin's or
  /// framework's file for the environment took over.
  private mutating func warnAboutEnvironmentFiles() {
    guard tree.origins.contains(where: { $0.kind != .application && $0.stage == .environment })
    else { return }
    var found: [BootNotice] = []
    var path: [String] = []
    tree.root.forEachLeaf(&path) { path, node in
      guard node.writers.count > 1, let winner = node.writers.last.map(tree.writer),
        winner.origin.kind != .application, winner.origin.stage == .environment,
        let loser = node.writers.last(where: { writer in
          let origin = tree.origins[Int(writer.origin)]
          return origin.kind == .application && origin.stage == .defaults
        }).map(tree.writer), loser.value != winner.value
      else { return }
      let name = path.joined(separator: ".")
      found.append(
        .warning(
          "config \"\(name)\" of \(loser.place) is overruled by \(winner.origin.kind) "
            + "\"\(winner.unit)\" in \(winner.place); to keep the application's value, repeat it "
            + "in config.\(appInfo.env).json"))
    }
    tree.notices += found
  }
}
