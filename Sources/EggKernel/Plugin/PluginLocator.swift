/// Finds the folder or library of a plugin.
package struct PluginLocator: Sendable {
  /// Folders of plugins, the first to look in first.
  package let directories: [String]

  /// The application's `plugins` and `.egg/plugins`, each framework's `plugins` from the upper to
  /// the base one, then the folders of the installation.
  package init(baseDir: String, frameworks: [LoadUnit], systemDirectories: [String]) {
    directories =
      [Path.join(baseDir, "plugins"), Path.join(baseDir, ".egg/plugins")]
      + frameworks.reversed().compactMap { $0.directory.map { Path.join($0, "plugins") } }
      + systemDirectories.map(Path.normalized)
  }

  /// A folder, or a library without a folder of its own.
  enum Found: Equatable {
    case folder(String)
    case library(String)
  }

  /// - Returns: nil when the plugin is nowhere.
  func find(_ entry: PluginEntry) -> Found? {
    if let path = entry.path { return look(path) }
    let package = entry.package ?? entry.name
    for directory in directories where FileReader.kind(of: directory) == .folder {
      for name in Self.folderNames(of: package) {
        if let found = look("\(directory)/\(name)") { return found }
      }
      if let found = look("\(directory)/\(package).so") { return found }
    }
    return nil
  }

  /// The refusal for a plugin that is nowhere.
  ///
  /// Differs from Egg: only enabled plugins are looked for.
  func notFound(_ entry: PluginEntry, chain: [String]) -> BootError {
    let why =
      chain.count > 1
      ? "; it is needed by \(chain.dropLast().last!) (\(chain.joined(separator: " → ")))" : ""
    if let path = entry.path {
      return BootError(
        .pluginNotFound, unit: entry.name,
        "can not find plugin \"\(entry.name)\" at \"\(path)\"\(why); correct \"path\", or set "
          + "\"enable\": false", file: entry.locationFrom.file, line: entry.locationFrom.line)
    }
    let package = entry.package ?? entry.name
    let alias = package == entry.name ? "" : " (package \"\(package)\")"
    return BootError(
      .pluginNotFound, unit: entry.name,
      "can not find plugin \"\(entry.name)\"\(alias) in \"\(directories.joined(separator: ", "))\""
        + "\(why); install it, give its \"path\", or set \"enable\": false",
      file: entry.locationFrom.file, line: entry.locationFrom.line)
  }

  /// Egg's packages are called `egg-session`, their folders here `session`.
  static func folderNames(of package: String) -> [String] {
    package.hasPrefix("egg-")
      ? [package, String(package.dropFirst(4))] : [package, "egg-\(package)"]
  }

  private func look(_ path: String) -> Found? {
    switch FileReader.kind(of: path) {
    case .folder: Path.real(path).map(Found.folder)
    case .file where path.hasSuffix(".so"): Path.real(path).map(Found.library)
    default: nil
    }
  }
}
