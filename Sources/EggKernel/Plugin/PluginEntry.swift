/// A line of a file, as messages show it.
package struct FilePlace: Sendable, Equatable, CustomStringConvertible {
  package let file: String
  /// 0 when the whole file is meant.
  package let line: Int

  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  package var description: String { line == 0 ? file : "\(file):\(line)" }
}

/// What the plugin tables say about one plugin, all of them merged.
/// - Source: Egg, `config/plugin.js`.
package struct PluginEntry: Sendable {
  /// The key in the table. It is the plugin's identity; package and folder may have other names.
  package let name: String
  package var enable = true
  /// Who switched it on or off last.
  package var enableFrom: FilePlace
  /// Whether the application, and not a framework, said so.
  package var enableFromApplication = false
  /// The package to look for; nil means the name.
  package var package: String?
  /// Absolute path of a folder or a library; excludes `package`.
  package var path: String?
  /// Who set `path` or `package` last.
  package var locationFrom: FilePlace
  /// The environments it is for; empty means all.
  package var env: [String] = []
  package var dependencies: [String] = []
  package var optionalDependencies: [String] = []
  /// 64 hexadecimal digits that the library must have, and who said so.
  package var sha256: String?
  package var sha256From: FilePlace?
  /// Whether it may provide names that an earlier plugin provides.
  package var override = false
  /// The last place that defines it.
  package var from: FilePlace

  init(name: String, from: FilePlace) {
    self.name = name
    self.from = from
    enableFrom = from
    locationFrom = from
  }
}

/// One entry of one table, as written.
struct PluginDeclaration {
  let name: String
  let from: FilePlace
  let isApplication: Bool
  var enable = true
  var package: String?
  var path: String?
  var env: [String]?
  var dependencies: [String]?
  var optionalDependencies: [String]?
  var sha256: String?
  var override: Bool?

  static let fields = [
    "enable", "package", "path", "env", "dependencies", "dep", "optionalDependencies", "name",
    "sha256", "override",
  ]

  /// - Parameter folder: what a relative `path` is relative to.
  /// - Throws: `.config` for anything but a boolean or an object of the known fields.
  init(
    name: String, _ value: LocatedValue, folder: String, unit: String, isApplication: Bool
  ) throws(BootError) {
    self.name = name
    self.isApplication = isApplication
    from = FilePlace(file: value.file, line: value.line)
    if let flag = value.value.bool {
      enable = flag
      return
    }
    guard case .object = value.value else {
      throw BootError(
        .config, unit: unit,
        "expected plugin \"\(name)\" to be true, false or an object, found "
          + value.value.kindName, file: value.file, line: value.line)
    }
    for member in value.members where !Self.fields.contains(member.key) {
      let meant = Suggestion.phrase(for: member.key, among: Self.fields)
      throw BootError(
        .config, unit: unit,
        "plugin \"\(name)\" has an unknown field \"\(member.key)\"\(meant); known are "
          + Self.fields.joined(separator: ", "), file: value.file, line: member.value.line)
    }
    let reader = FieldReader(object: value, unit: unit)
    enable = try reader.bool("enable") ?? true
    package = try reader.string("package")
    path = try reader.string("path").map { Path.join(folder, $0) }
    env = try reader.strings("env")
    dependencies = try reader.strings("dependencies", alias: "dep")
    optionalDependencies = try reader.strings("optionalDependencies")
    override = try reader.bool("override")
    sha256 = try reader.string("sha256")
    if let stated = try reader.string("name"), stated != name {
      throw BootError(
        .config, unit: unit,
        "expected plugin \"\(name)\" to have no other \"name\", found \"\(stated)\"; the key is "
          + "the name", file: value.file, line: value["name"]?.line)
    }
    if package != nil, path != nil {
      throw BootError(
        .config, unit: unit,
        "expected plugin \"\(name)\" to have \"path\" or \"package\", found both",
        file: value.file, line: value.line)
    }
    if let sha256, !Self.isDigest(sha256) {
      throw BootError(
        .config, unit: unit,
        "expected \"sha256\" of plugin \"\(name)\" to be 64 hexadecimal digits; sha256sum prints "
          + "them", file: value.file, line: value["sha256"]?.line)
    }
    if let package { try checkPackage(package, value, unit) }
  }

  private func checkPackage(
    _ package: String, _ value: LocatedValue, _ unit: String
  ) throws(BootError) {
    let isPath =
      package.hasPrefix(".") || package.hasPrefix("/") || package.contains(":")
      || package.split(separator: "/").contains("..")
    guard isPath else { return }
    throw BootError(
      .config, unit: unit,
      "plugin \"\(name)\" is invalid, use \"path\" instead of \"package\" for \"\(package)\"",
      file: value.file, line: value["package"]?.line)
  }

  private static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20)
      }
  }
}
