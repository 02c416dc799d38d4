/// The `plugin.json` in a plugin's folder. All of it is optional.
///
/// ```json
/// { "name": "session", "version": "1.0.0", "dependencies": ["redis"], "library": "libsession.so" }
/// ```
package struct PluginFile: Sendable {
  package let path: String
  package let name: String?
  package let version: String?
  package let dependencies: [String]
  package let optionalDependencies: [String]
  package let env: [String]
  /// False silences the warning about a name that differs from the one in the table.
  package let strict: Bool
  /// Absolute path of the library.
  package let library: String?
  private let lines: [String: Int]

  static let fields = [
    "name", "version", "dependencies", "dep", "optionalDependencies", "env", "strict", "library",
  ]

  /// - Returns: nil when the folder has no `plugin.json`.
  /// - Throws: `.config` for text that is not JSON and for a field of the wrong kind.
  static func read(
    folder: String, unit: String, notices: inout [BootNotice]
  ) throws(BootError) -> PluginFile? {
    let path = Path.join(folder, "plugin.json")
    guard let root = try readObject(path, unit: unit) else { return nil }
    var lines: [String: Int] = [:]
    for member in root.members {
      lines[member.key] = member.value.line
      guard !fields.contains(member.key),
        let meant = Suggestion.closest(to: member.key, among: fields)
      else { continue }
      notices.append(
        .warning(
          "\(path):\(member.value.line): unknown \"\(member.key)\", did you mean \"\(meant)\"?"))
    }
    let reader = FieldReader(object: root, unit: unit)
    return PluginFile(
      path: path,
      name: try reader.string("name"),
      version: try reader.string("version"),
      dependencies: try reader.strings("dependencies", alias: "dep") ?? [],
      optionalDependencies: try reader.strings("optionalDependencies") ?? [],
      env: try reader.strings("env") ?? [],
      strict: try reader.bool("strict") ?? true,
      library: try reader.string("library").map { Path.join(folder, $0) },
      lines: lines)
  }

  /// The line of a field.
  func place(of field: String) -> FilePlace {
    FilePlace(file: path, line: lines[field] ?? 0)
  }
}
