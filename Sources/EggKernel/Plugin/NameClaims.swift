/// Settles from the manifests alone who provides which name, before any library runs.
package enum NameClaims {
  /// One unit and whether its entry in the plugin table says `override`.
  package struct Claimant: Sendable {
    package let unit: LoadUnit
    package let override: Bool
    package let from: FilePlace?

    package init(unit: LoadUnit, override: Bool = false, from: FilePlace? = nil) {
      self.unit = unit
      self.override = override
      self.from = from
    }

    package init(_ plugin: ResolvedPlugin) {
      self.init(unit: plugin.unit, override: plugin.entry.override, from: plugin.entry.from)
    }
  }

  /// The lists of `provides` in which a name may stand once only. Other lists are not compared.
  package static let exclusiveLists: Set<String> = [
    "application", "agent", "context", "request", "response", "helper", "middleware",
    "interfaces", "engines",
  ]

  /// Compares the names of all units, in load order. Frameworks and the application may replace
  /// what came before; a plugin only when its entry says `"override": true`.
  ///
  /// - Returns: an info line for each name that is replaced.
  /// - Throws: `.collision`, naming both units.
  package static func check(_ claimants: [Claimant]) throws(BootError) -> [BootNotice] {
    var owners: [String: [String: LoadUnit]] = [:]
    var notices: [BootNotice] = []
    for claimant in claimants {
      guard let manifest = claimant.unit.manifest else { continue }
      let label = claimant.unit.label
      for (list, names) in manifest.provides where exclusiveLists.contains(list) {
        for name in names {
          guard let earlier = owners[list]?[name], earlier.label != label else {
            owners[list, default: [:]][name] = claimant.unit
            continue
          }
          let what = "\(list) \"\(name)\""
          guard claimant.override || claimant.unit.kind != .plugin else {
            throw BootError(
              .collision, unit: label,
              "provides \(what), which \(earlier.kind) \"\(earlier.label)\" provides already; say "
                + "\"override\": true for \"\(label)\" in the plugin table, or disable one of them",
              file: claimant.from?.file, line: claimant.from?.line)
          }
          notices.append(
            .info("\(what) of \(earlier.kind) \"\(earlier.label)\" is replaced by \"\(label)\""))
          owners[list]![name] = claimant.unit
        }
      }
    }
    return notices
  }
}
