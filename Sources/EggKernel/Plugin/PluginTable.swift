/// All plugin tables of a start, merged: frameworks (base first), the application,
/// `EGG_PLUGINS`, the start option.
///
/// Of each source the files `config/plugin.default.json` (without one, `plugin.json`),
/// `plugin.<scope>`, `plugin.<env>` and `plugin.<scope>_<env>` count; all frameworks' default
/// files come before any framework's file for an environment.
/// - Source: Egg, `loadPlugin`.
package struct PluginTable: Sendable {
  package private(set) var entries = OrderedObject<PluginEntry>()
  package private(set) var notices: [BootNotice] = []

  package static let variableLabel = "<process.env.EGG_PLUGINS>"
  package static let optionLabel = "<option plugins>"

  /// - Parameters:
  ///   - frameworks: base first.
  ///   - option: JSON text of the start option `plugins`.
  /// - Throws: `.config` for text that is not JSON, unknown fields, fields of the wrong kind. Only
  ///   an `EGG_PLUGINS` that is no JSON object gets a warning instead.
  package static func load(
    appInfo: AppInfo, frameworks: [LoadUnit], option: String? = nil,
    variables: EnvironmentVariables = .process
  ) throws(BootError) -> PluginTable {
    var table = PluginTable()
    let layers = ConfigLayer.all(of: "plugin", env: appInfo.env, scope: appInfo.scope)
    for layer in layers {
      for framework in frameworks {
        guard let directory = framework.directory,
          let root = try layer.read(directory: directory, unit: framework.label)
        else { continue }
        try table.add(root, folder: Path.folder(of: root.file), unit: framework.label)
      }
    }
    for layer in layers {
      guard let root = try layer.read(directory: appInfo.baseDir, unit: "app") else { continue }
      try table.add(root, folder: Path.folder(of: root.file), unit: "app", isApplication: true)
    }
    if let text = variables.trimmed("EGG_PLUGINS") {
      do throws(BootError) {
        let root = try parseObject(Array(text.utf8), file: variableLabel, unit: "app")
        try table.add(root, folder: appInfo.baseDir, unit: "app", isApplication: true)
      } catch {
        // Differs from Egg, which says nothing. A wrong field inside is ignored with the rest,
        // since the variable is set far away from the application.
        table.notices.append(.warning("EGG_PLUGINS is ignored: \(error.message)"))
      }
    }
    if let option {
      let root = try parseObject(Array(option.utf8), file: optionLabel, unit: "app")
      try table.add(root, folder: appInfo.baseDir, unit: "app", isApplication: true)
    }
    return table
  }

  /// Merges one table; either all of it or, when it throws, nothing.
  mutating func add(
    _ root: LocatedValue, folder: String, unit: String, isApplication: Bool = false
  ) throws(BootError) {
    var declarations: [PluginDeclaration] = []
    // `$schema` and the like are for editors.
    for member in root.members where !member.key.hasPrefix("$") && member.key != "__proto__" {
      declarations.append(
        try PluginDeclaration(
          name: member.key, member.value, folder: folder, unit: unit,
          isApplication: isApplication))
    }
    for declaration in declarations { merge(declaration) }
  }

  private mutating func merge(_ declaration: PluginDeclaration) {
    let name = declaration.name
    let from = declaration.from
    var entry = entries[name] ?? PluginEntry(name: name, from: from)
    if let package = declaration.package {
      if entry.package == package {
        notices.append(
          .warning(
            "plugin \"\(name)\" is package \"\(package)\" in \(entry.locationFrom) already, and "
              + "again in \(from)"))
      }
      entry.package = package
      entry.path = nil
      entry.locationFrom = from
    }
    if let path = declaration.path {
      entry.path = path
      entry.package = nil
      entry.locationFrom = from
    }
    entry.enable = declaration.enable
    entry.enableFrom = from
    entry.enableFromApplication = declaration.isApplication
    // An empty list does not replace one with elements.
    if let env = declaration.env, !env.isEmpty { entry.env = env }
    if let list = declaration.dependencies, !list.isEmpty { entry.dependencies = list }
    if let list = declaration.optionalDependencies, !list.isEmpty {
      entry.optionalDependencies = list
    }
    if let sha256 = declaration.sha256 {
      entry.sha256 = sha256
      entry.sha256From = from
    }
    if let override = declaration.override { entry.override = override }
    entry.from = from
    entries[name] = entry
  }
}
