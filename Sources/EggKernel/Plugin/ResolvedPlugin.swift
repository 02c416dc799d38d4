/// A plugin that takes part in this start: what the tables, its folder and its library say.
package struct ResolvedPlugin: Sendable {
  package let entry: PluginEntry
  /// Nil for a library without a folder.
  package let directory: String?
  package let library: String?
  package let manifest: PluginManifest?
  package let version: String?
  /// The entry's lists; where one is empty, that of `plugin.json`, else that of the manifest.
  package let dependencies: [String]
  package let optionalDependencies: [String]
  package let env: [String]
  /// Who asks for the dependencies.
  package let dependenciesFrom: FilePlace
  /// On only because another plugin needs it.
  package internal(set) var implicitEnable = false
  /// The plugins that need it; filled when `implicitEnable`.
  package internal(set) var dependents: [String] = []

  package var name: String { entry.name }

  package var unit: LoadUnit {
    LoadUnit(
      kind: .plugin, name: name, directory: directory, version: version, library: library,
      manifest: manifest, embeddedConfig: manifest?.embeddedConfig)
  }

  /// The form in which `run/application_config.json` shows it.
  package var dump: ConfigValue {
    func list(_ names: [String]) -> ConfigValue { .array(names.map(ConfigValue.string)) }
    var object: ConfigObject = [
      "enable": true, "name": .string(name), "dependencies": list(dependencies),
      "optionalDependencies": list(optionalDependencies), "env": list(env),
      "from": .string(entry.from.description),
    ]
    if let package = entry.package { object["package"] = .string(package) }
    if let directory { object["path"] = .string(directory) }
    if let library { object["library"] = .string(library) }
    if let version { object["version"] = .string(version) }
    if implicitEnable {
      object["implicitEnable"] = true
      object["dependents"] = list(dependents)
    }
    return .object(object)
  }
}

extension ResolvedPlugin {
  /// Reads everything there is to know about an enabled plugin: folder, `plugin.json`, library,
  /// manifest. Nothing of the plugin runs.
  static func read(
    _ entry: PluginEntry, found: PluginLocator.Found, host: HostABI?,
    notices: inout [BootNotice]
  ) throws(BootError) -> ResolvedPlugin {
    var directory: String?
    var file: PluginFile?
    let library: String?
    switch found {
    case .folder(let folder):
      directory = folder
      file = try PluginFile.read(folder: folder, unit: entry.name, notices: &notices)
      library = try LibraryFile.find(
        folder: folder, name: file?.name ?? entry.name, stated: file?.library,
        statedIn: file?.path, unit: entry.name)
    case .library(let path):
      library = path
    }
    let strict = file?.strict ?? true
    if strict, let name = file?.name, name != entry.name, let file {
      notices.append(
        .warning(
          "plugin \"\(entry.name)\" calls itself \"\(name)\" in \(file.place(of: "name")); use that "
            + "name in \(entry.from), or say \"strict\": false there"))
    }
    var manifest: PluginManifest?
    if let library {
      try LibraryTrust.check(
        library, unit: entry.name, sha256: entry.sha256, file: entry.sha256From?.file,
        line: entry.sha256From?.line)
      let manifests = try PluginManifest.read(path: library, unit: entry.name)
      manifest = try choose(manifests, for: entry, library, strict, &notices)
      if let manifest, let host { try host.check(manifest, unit: entry.name) }
    } else if let sha256From = entry.sha256From {
      throw BootError(
        .pin, unit: entry.name, "expected the library that \"sha256\" pins, found none",
        file: sha256From.file, line: sha256From.line)
    } else if file == nil {
      notices.append(
        .warning(
          "plugin \"\(entry.name)\" has neither a plugin.json nor a library in "
            + "\"\(directory ?? "")\"; only its configuration is used"))
    }
    let own = own(entry, file, manifest)
    return ResolvedPlugin(
      entry: entry, directory: directory, library: library, manifest: manifest,
      version: file?.version ?? manifest?.version, dependencies: own.dependencies,
      optionalDependencies: first(
        entry.optionalDependencies, file?.optionalDependencies, manifest?.optionalDependencies),
      env: first(entry.env, file?.env, manifest?.env), dependenciesFrom: own.from)
  }

  private static func own(
    _ entry: PluginEntry, _ file: PluginFile?, _ manifest: PluginManifest?
  ) -> (dependencies: [String], from: FilePlace) {
    if !entry.dependencies.isEmpty { return (entry.dependencies, entry.from) }
    if let file, !file.dependencies.isEmpty {
      return (file.dependencies, file.place(of: "dependencies"))
    }
    guard let manifest else { return ([], entry.from) }
    return (manifest.dependencies, FilePlace(file: "\(manifest.path)[manifest]", line: 0))
  }

  private static func first(_ lists: [String]?...) -> [String] {
    lists.lazy.compactMap { $0 }.first { !$0.isEmpty } ?? []
  }

  /// The manifest of a library that belongs to an entry: the one with its name; a library's only
  /// one may have another name.
  private static func choose(
    _ manifests: [PluginManifest], for entry: PluginEntry, _ library: String, _ strict: Bool,
    _ notices: inout [BootNotice]
  ) throws(BootError) -> PluginManifest {
    if let manifest = manifests.first(where: { $0.id == entry.name }) { return manifest }
    guard manifests.count == 1 else {
      let ids = manifests.map { "\"\($0.id)\"" }.joined(separator: ", ")
      throw BootError(
        .manifest, unit: entry.name,
        "expected a manifest for \"\(entry.name)\", found \(ids); use one of these names in "
          + "\(entry.from)", file: library)
    }
    if strict {
      notices.append(
        .warning(
          "plugin \"\(entry.name)\" calls itself \"\(manifests[0].id)\" in \(library); use that name "
            + "in \(entry.from), or say \"strict\": false in its plugin.json"))
    }
    return manifests[0]
  }
}
