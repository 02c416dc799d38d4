/// The four files that each unit may have for one subject, weakest first.
///
/// Both `config/config.*.json` and `config/plugin.*.json` follow it: `NAME.default` (without one,
/// plain `NAME`), `NAME.<scope>`, `NAME.<env>`, `NAME.<scope>_<env>`. With the environment
/// `default` only the first two exist.
/// - Source: Egg, `getTypeFiles` of the loader.
package struct ConfigLayer: Sendable, Equatable {
  /// File names without folder, in the order in which they are tried; the first that exists counts.
  package let fileNames: [String]
  package let isDefault: Bool

  package static func all(of subject: String, env: String, scope: String) -> [ConfigLayer] {
    var layers = [
      ConfigLayer(
        fileNames: ["\(subject).default.json", "\(subject).json"], isDefault: true)
    ]
    func add(_ suffix: String) {
      layers.append(ConfigLayer(fileNames: ["\(subject).\(suffix).json"], isDefault: false))
    }
    if !scope.isEmpty { add(scope) }
    if env != "default" {
      add(env)
      if !scope.isEmpty { add("\(scope)_\(env)") }
    }
    return layers
  }

  /// Reads the layer's file from a unit's `config` folder; nil when there is none.
  func read(directory: String, unit: String) throws(BootError) -> LocatedValue? {
    for name in fileNames {
      if let root = try readObject("\(directory)/config/\(name)", unit: unit) { return root }
    }
    return nil
  }
}
