/// What this kernel offers to libraries, to be compared with what they ask for.
package struct HostABI: Sendable {
  package let majors: ClosedRange<Int>
  /// The minor of the newest major.
  package let minor: Int
  /// Revisioned ids, such as `egg.loop/1`.
  package let interfaces: Set<String>

  package init(majors: ClosedRange<Int> = 1...1, minor: Int, interfaces: Set<String>) {
    self.majors = majors
    self.minor = minor
    self.interfaces = interfaces
  }

  /// - Throws: `.abi`, naming the item that does not fit.
  package func check(_ manifest: PluginManifest, unit: String) throws(BootError) {
    let abi = manifest.abi
    guard majors.contains(abi.major) else {
      let ours =
        majors.count == 1 ? "\(majors.lowerBound)" : "\(majors.lowerBound)-\(majors.upperBound)"
      throw BootError(
        .abi, unit: unit,
        "expected plugin interface \(ours), found \(abi.major); use a matching version of the "
          + (abi.major > majors.upperBound ? "egg command" : "plugin"), file: manifest.path)
    }
    guard abi.major < majors.upperBound || abi.min <= minor else {
      throw BootError(
        .abi, unit: unit,
        "needs plugin interface \(abi.major).\(abi.min) or newer, found \(abi.major).\(minor); "
          + "update egg", file: manifest.path)
    }
    for need in manifest.needs where !interfaces.contains(need) && need.hasPrefix("egg.") {
      let meant = Suggestion.phrase(for: need, among: interfaces.sorted())
      throw BootError(
        .abi, unit: unit, "needs the interface \"\(need)\", which this egg does not have\(meant)",
        file: manifest.path)
    }
  }
}
