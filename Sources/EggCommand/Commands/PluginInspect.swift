import EggKernel

extension CommandDescription {
  static let pluginInspect = CommandDescription(
    path: ["plugin", "inspect"],
    summary: "show a plugin's manifest, exports and needs without running it",
    arguments: [.required("FILE.so", "the plugin's library")],
    options: [.json],
    notes: """
      The library is read, not loaded: no code of it runs. Exit code 1 when it has no manifest or lacks
      the entry function of its plugin interface.
      """,
    run: runPluginInspect)
}

private func runPluginInspect(_ arguments: Arguments) throws {
  let path = arguments[0] ?? ""
  let manifests = try PluginManifest.read(path: path, unit: Path.lastComponent(of: path))
  let library = try DynamicSection(path: path)
  let findings = ExportFindings(library, manifests)
  if arguments.printsJSON {
    Terminal.print(JSONWriter.text(json(path, manifests, library, findings), indentation: 2))
  } else {
    show(path, manifests, library, findings)
  }
  if findings.missingEntry != nil { throw Finding() }
}

/// What is remarkable about the exported symbols.
private struct ExportFindings {
  /// The entry functions that are there.
  let entries: [String]
  /// The one that the manifest promises and that is not there.
  let missingEntry: String?
  /// Exports of Swift code. They can't clash with another plugin's, since libraries are opened
  /// `RTLD_LOCAL`; Swift has no way to hide them.
  let swift: [String]
  /// Exports that a plugin has no reason for.
  let others: [String]

  init(_ library: DynamicSection, _ manifests: [PluginManifest]) {
    entries = library.exports.filter { $0.hasPrefix("egg_plugin_entry_v") }
    let exports = library.exports
    missingEntry = manifests.map { "egg_plugin_entry_v\($0.abi.major)" }
      .first { !exports.contains($0) }
    swift = exports.filter(Self.isSwift)
    others = exports.filter {
      !$0.hasPrefix("egg_plugin_entry_v") && !Self.isSwift($0) && !Self.ofLinker.contains($0)
    }
  }

  /// What linkers export from every library.
  private static let ofLinker: Set<String> = ["_init", "_fini", "_edata", "__bss_start", "_end"]

  private static func isSwift(_ name: String) -> Bool {
    name.hasPrefix("$s") || name.hasPrefix("$S") || name.hasPrefix("_swift_")
      || name.hasPrefix("__swift_") || name.hasPrefix("symbolic ") || name.hasPrefix("get_witness")
      || name.hasPrefix("get_type_metadata") || name.hasPrefix("associated conformance ")
      || name.hasPrefix("_symbolic") || name.hasPrefix("default assoc")
  }

  var warnings: [String] {
    var texts: [String] = []
    if let missingEntry {
      texts.append("the library does not export \(missingEntry), which its manifest promises")
    }
    if !others.isEmpty {
      let shown = others.prefix(8).joined(separator: ", ") + (others.count > 8 ? ", …" : "")
      texts.append(
        "\(others.count) exported symbols besides the entry (\(shown)); hide them with -fvisibility=hidden or a version script"
      )
    }
    return texts
  }
}

private func show(
  _ path: String, _ manifests: [PluginManifest], _ library: DynamicSection,
  _ findings: ExportFindings
) {
  for manifest in manifests {
    Terminal.print("\(manifest.id)\(manifest.version.map { " \($0)" } ?? "")")
    var rows = [
      ("file", path), ("kind", manifest.kind.rawValue),
      (
        "interface",
        "\(manifest.abi.major), from minor \(manifest.abi.min), built with \(manifest.abi.built)"
      ),
    ]
    func list(_ title: String, _ names: [String]) {
      if !names.isEmpty { rows.append((title, names.joined(separator: ", "))) }
    }
    list("needs", manifest.needs)
    list("wants", manifest.wants)
    list("after", manifest.dependencies)
    list("after, if on", manifest.optionalDependencies)
    list("env", manifest.env)
    list("process", manifest.process)
    rows += ManifestText.contributions(manifest)
    Terminal.write(TextTable.aligned(rows, indentation: 2), to: 1)
    Terminal.print("  manifest")
    for line in JSONWriter.text(.object(manifest.raw), indentation: 2).split(separator: "\n") {
      Terminal.print("    \(line)")
    }
  }
  let swift = findings.swift.isEmpty ? "" : " and \(findings.swift.count) of Swift"
  Terminal.write(
    TextTable.aligned(
      [
        ("exports", findings.entries.joined(separator: ", ") + swift),
        ("loads", library.needed.joined(separator: ", ")),
      ] + (library.runPath.map { [("run path", $0)] } ?? []), indentation: 2), to: 1)
  for text in findings.warnings { Terminal.warning(text) }
}

private func json(
  _ path: String, _ manifests: [PluginManifest], _ library: DynamicSection,
  _ findings: ExportFindings
) -> ConfigValue {
  func list(_ names: [String]) -> ConfigValue { .array(names.map { .string($0) }) }
  return [
    "file": .string(path), "manifests": .array(manifests.map { .object($0.raw) }),
    "entries": list(findings.entries), "swiftExports": .int(Int64(findings.swift.count)),
    "otherExports": list(findings.others), "loads": list(library.needed),
    "warnings": list(findings.warnings),
  ]
}
