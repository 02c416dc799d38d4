import EggKernel

/// What a manifest says a plugin adds, for listings.
enum ManifestText {
  /// `("context", "session, user")` and so on, then directories and the prefix of its routes.
  static func contributions(_ manifest: PluginManifest) -> [(String, String)] {
    var rows = manifest.provides.filter { !$0.1.isEmpty }.map {
      ("adds " + $0.0, $0.1.joined(separator: ", "))
    }
    let folders = directories(manifest)
    if !folders.isEmpty { rows.append(("reads", folders.joined(separator: ", "))) }
    if let prefix = manifest.routePrefix { rows.append(("routes", "below \(prefix)")) }
    return rows
  }

  static func provides(_ manifest: PluginManifest) -> ConfigValue {
    var object = ConfigObject()
    for (kind, names) in manifest.provides { object[kind] = .array(names.map { .string($0) }) }
    object["directories"] = .array(directories(manifest).map { .string($0) })
    if let prefix = manifest.routePrefix { object["routes"] = .string(prefix) }
    return .object(object)
  }

  private static func directories(_ manifest: PluginManifest) -> [String] {
    manifest.directories.compactMap { $0.string ?? $0["path"]?.string }
  }
}
