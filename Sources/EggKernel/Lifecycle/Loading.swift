import Glibc
import PluginABI

/// Opening a unit's library and asking it what it is.
extension Worker {
  /// - Throws: `.permission`, `.pin`, `.load` or `.abi`; the text says which check failed.
  func open(_ unit: Unit, _ plugin: ResolvedPlugin?) throws(BootError) {
    guard let path = unit.library else { return }
    let started = monotonicNanoseconds()
    defer { unit.phaseTimes.append(("open", started, monotonicNanoseconds() &- started)) }
    try LibraryTrust.check(
      path, unit: unit.name, sha256: plugin?.entry.sha256, file: plugin?.entry.sha256From?.file,
      line: plugin?.entry.sha256From?.line)
    try enter(unit, path, try entry(of: path, unit))
  }

  /// - Throws: `.load`, `.abi`.
  private func entry(
    of path: String, _ unit: Unit
  ) throws(BootError) -> egg_plugin_entry_fn {
    if let linked = LinkedUnit.entry, LinkedUnit.path == path { return linked }
    // NOW: a missing symbol is a failed start, not a failed request at night. LOCAL: two units may
    // both contain a JSON parser. NODELETE: units are never unloaded.
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | Int32(RTLD_NODELETE)) else {
      let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
      throw BootError(.load, unit: unit.name, "the library can't be opened: \(reason)", file: path)
    }
    guard let symbol = dlsym(handle, EGG_PLUGIN_ENTRY_SYMBOL) else {
      throw BootError(
        .abi, unit: unit.name,
        "expected the exported function \(EGG_PLUGIN_ENTRY_SYMBOL), found none; export it with EGG_EXPORT",
        file: path)
    }
    return unsafeBitCast(symbol, to: egg_plugin_entry_fn.self)
  }

  private func enter(
    _ unit: Unit, _ path: String, _ entry: egg_plugin_entry_fn
  ) throws(BootError) {
    let id = StaticText(unit.manifest?.id ?? unit.name)
    guard let described = entry(UnsafePointer(unit.host), id.cString) else {
      throw BootError(
        .load, unit: unit.name,
        "the plugin declined to load for the id \"\(id.string)\" (its entry returned NULL); see what it logged",
        file: path)
    }
    guard let table = adopt(described, as: egg_plugin.self) else {
      throw BootError(
        .abi, unit: unit.name,
        "its egg_plugin has fields that this egg does not know; update egg, or build with an older egg_plugin.h",
        file: path)
    }
    guard table.abi_major == UInt16(EGG_ABI_MAJOR) else {
      throw BootError(
        .abi, unit: unit.name,
        "expected plugin interface \(EGG_ABI_MAJOR), found \(table.abi_major) in its egg_plugin",
        file: path)
    }
    guard table.on_phase != nil, table.id != nil else {
      throw BootError(
        .abi, unit: unit.name, "its egg_plugin has no id or no on_phase", file: path)
    }
    let said = String(cString: table.id)
    guard said == id.string else {
      throw BootError(
        .abi, unit: unit.name,
        "expected the id \"\(id.string)\" of its manifest, found \"\(said)\" in its egg_plugin",
        file: path)
    }
    unit.entry = described
    permanentTexts.append(id)
  }
}

/// A unit that is part of the running program instead of a library: the application in its own tests.
package enum LinkedUnit {
  /// The program's real path; its file carries the unit's manifest.
  package nonisolated(unsafe) static var path = ""
  /// Nil when the program has no unit.
  package nonisolated(unsafe) static var entry: egg_plugin_entry_fn?
}
