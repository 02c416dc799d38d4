/// What a plugin's library says about itself, in JSON in an ELF note, readable before any of
/// its code runs.
///
/// ```json
/// { "egg": 1, "id": "mysql", "version": "1.4.0", "abi": { "major": 1, "min": 0, "built": 2 },
///   "dependencies": [], "provides": { "application": ["mysql"] } }
/// ```
package struct PluginManifest: Sendable {
  package struct ABI: Sendable, Equatable {
    /// The entry function the library has: `egg_plugin_entry_v<major>`.
    package let major: Int
    /// The smallest minor of the host that it can live with.
    package let min: Int
    /// The minor that it was compiled against.
    package let built: Int
  }

  /// The name in the plugin table that this library expects to stand under.
  package let id: String
  package let package: String?
  package let version: String?
  package let abi: ABI
  package let kind: LoadUnit.Kind
  /// Interfaces without which it cannot work, such as `egg.loop/1`.
  package let needs: [String]
  /// Interfaces that it uses when they are there.
  package let wants: [String]
  package let dependencies: [String]
  package let optionalDependencies: [String]
  /// Environments it is for; empty means all.
  package let env: [String]
  /// Processes it is for (`worker`, `agent`); empty means all.
  package let process: [String]
  /// Names it adds, by what it adds them to: `application`, `context`, `request`, `response`,
  /// `helper`, `agent`, `middleware`, `interfaces`, `engines` and any other list.
  package let provides: OrderedObject<[String]>
  /// Folders of the application that it wants to be given; strings or objects.
  package let directories: [ConfigValue]
  /// The prefix below which it adds routes.
  package let routePrefix: String?
  package let config: ConfigObject
  /// The whole manifest, fields that this kernel does not know included.
  package let raw: ConfigObject
  package let path: String

  /// The defaults in `config.default`, as configuration; nil when there are none.
  package var embeddedConfig: LoadUnit.EmbeddedConfig? {
    guard let value = config["default"], value.object?.isEmpty == false else { return nil }
    return .init(label: "\(path)[manifest]", value: value)
  }

  static let owner: [UInt8] = Array("EGG\0".utf8)
  static let noteType: UInt32 = 0x4547_4731
  static let maximumBytes = 64 << 10
  static let maximumNotes = 64
  static let format: Int64 = 1

  /// Reads every manifest of a library, one for each plugin in it.
  ///
  /// - Parameter unit: the name that errors carry.
  /// - Throws: `.manifest` when the file is no library, has no note, or its JSON is wrong (with
  ///   the place); `.abi` for another machine or manifest format; `.file`, `.permission`.
  package static func read(path: String, unit: String) throws(BootError) -> [PluginManifest] {
    guard let file = try FileReader.open(path, unit: unit) else {
      throw BootError(.manifest, unit: unit, "expected a library, found no file", file: path)
    }
    return try read(ELFNotes(file: file, unit: unit), path: path, unit: unit)
  }

  static func read(
    _ notes: borrowing ELFNotes, path: String, unit: String
  ) throws(BootError) -> [PluginManifest] {
    let texts: [[UInt8]]
    do {
      texts = try notes.contents(owner: owner, type: noteType)
    } catch {
      throw bootError(error, path: path, unit: unit)
    }
    guard !texts.isEmpty else {
      throw BootError(
        .manifest, unit: unit,
        "not a plugin: expected a note \"EGG\" with the manifest, found none; is EGG_MANIFEST "
          + "(or the loader's generated file) compiled in?", file: path)
    }
    guard texts.count <= maximumNotes else {
      throw BootError(
        .manifest, unit: unit,
        "expected at most \(maximumNotes) manifests, found \(texts.count)", file: path)
    }
    var manifests: [PluginManifest] = []
    for (number, text) in texts.enumerated() {
      let label = texts.count == 1 ? "\(path)[manifest]" : "\(path)[manifest \(number + 1)]"
      let manifest = try parse(text, label: label, path: path, unit: unit)
      guard !manifests.contains(where: { $0.id == manifest.id }) else {
        throw BootError(
          .manifest, unit: unit,
          "expected each id once, found two manifests for \"\(manifest.id)\"", file: path)
      }
      manifests.append(manifest)
    }
    return manifests
  }

  /// Reads the JSON of one note, NUL padding included.
  static func parse(
    _ text: [UInt8], label: String, path: String, unit: String
  ) throws(BootError) -> PluginManifest {
    let content = text.lastIndex { $0 != 0 }.map { Array(text[...$0]) } ?? []
    guard content.count <= maximumBytes else {
      throw BootError(
        .manifest, unit: unit,
        "expected a manifest of at most \(maximumBytes) bytes, found \(content.count)",
        file: label)
    }
    let root: LocatedValue
    do {
      root = try JSONParser.parse(content, file: label).root
    } catch {
      throw BootError(.manifest, unit: unit, error)
    }
    guard case .object(let raw) = root.value else {
      throw BootError(
        .manifest, unit: unit,
        "expected an object { … }, found \(root.value.kindName)", file: label)
    }
    let fields = FieldReader(object: root, unit: unit, code: .manifest)
    guard let format = try fields.int("egg") else {
      throw BootError(
        .manifest, unit: unit, "expected \"egg\": \(Self.format), found no such field",
        file: label)
    }
    guard format == Self.format else {
      throw BootError(
        .abi, unit: unit,
        "expected manifest format \(Self.format), found \(format); use a matching version of egg",
        file: label)
    }
    guard let id = try fields.name("id") else {
      throw BootError(.manifest, unit: unit, "expected an \"id\", found none", file: label)
    }
    return try PluginManifest(id: id, raw: raw, root: root, fields: fields, path: path)
  }

  private init(
    id: String, raw: ConfigObject, root: LocatedValue, fields: FieldReader, path: String
  ) throws(BootError) {
    self.id = id
    self.raw = raw
    self.path = path
    package = try fields.string("package")
    version = try fields.string("version")
    abi = try Self.abi(root, fields)
    kind = try Self.kind(root, fields)
    needs = try fields.strings("needs") ?? []
    wants = try fields.strings("wants") ?? []
    dependencies = try fields.strings("dependencies") ?? []
    optionalDependencies = try fields.strings("optionalDependencies") ?? []
    env = try fields.strings("env") ?? []
    process = try fields.strings("process") ?? []
    provides = try Self.provides(root, fields)
    directories = try Self.list(root, "directories", fields)
    routePrefix = try Self.routePrefix(root, fields)
    config = try Self.object(root, "config", fields)?.value.object ?? [:]
  }

  private static func abi(_ root: LocatedValue, _ fields: FieldReader) throws(BootError) -> ABI {
    guard let object = try object(root, "abi", fields) else {
      throw BootError(
        .manifest, unit: fields.unit,
        "expected \"abi\": { \"major\": …, \"min\": …, \"built\": … }, found no such field",
        file: root.file)
    }
    let inner = FieldReader(object: object, unit: fields.unit, code: .manifest)
    func number(_ key: String) throws(BootError) -> Int? {
      guard let value = try inner.int(key) else { return nil }
      guard (0...65535).contains(value) else {
        throw inner.wrong(key, object[key] ?? object, "between 0 and 65535")
      }
      return Int(value)
    }
    guard let major = try number("major") else {
      throw inner.wrong("abi", object, "an object with \"major\"")
    }
    let min = try number("min") ?? 0
    return ABI(major: major, min: min, built: try number("built") ?? min)
  }

  private static func kind(
    _ root: LocatedValue, _ fields: FieldReader
  ) throws(BootError) -> LoadUnit.Kind {
    guard let text = try fields.string("kind") else { return .plugin }
    guard let kind = LoadUnit.Kind(rawValue: text) else {
      throw fields.wrong(
        "kind", root["kind"] ?? root, "\"plugin\", \"framework\" or \"application\"")
    }
    return kind
  }

  private static func provides(
    _ root: LocatedValue, _ fields: FieldReader
  ) throws(BootError) -> OrderedObject<[String]> {
    var result = OrderedObject<[String]>()
    guard let object = try object(root, "provides", fields) else { return result }
    for member in object.members {
      guard let names = member.value.value.strings else {
        throw fields.wrong("provides.\(member.key)", member.value, "a list of strings")
      }
      result.append(member.key, names)
    }
    return result
  }

  private static func routePrefix(
    _ root: LocatedValue, _ fields: FieldReader
  ) throws(BootError) -> String? {
    guard let routes = try object(root, "routes", fields) else { return nil }
    let inner = FieldReader(object: routes, unit: fields.unit, code: .manifest)
    guard let prefix = try inner.string("prefix") else { return nil }
    guard prefix.hasPrefix("/") else {
      throw inner.wrong("prefix", routes["prefix"] ?? routes, "a path that begins with \"/\"")
    }
    return prefix
  }

  private static func list(
    _ root: LocatedValue, _ key: String, _ fields: FieldReader
  ) throws(BootError) -> [ConfigValue] {
    guard let field = root[key] else { return [] }
    guard let elements = field.value.array else { throw fields.wrong(key, field, "a list") }
    return elements
  }

  private static func object(
    _ root: LocatedValue, _ key: String, _ fields: FieldReader
  ) throws(BootError) -> LocatedValue? {
    guard let field = root[key], !field.value.isNull else { return nil }
    guard case .object = field.value else { throw fields.wrong(key, field, "an object") }
    return field
  }

  private static func bootError(
    _ error: any Error, path: String, unit: String
  ) -> BootError {
    if let error = error as? BootError { return error }
    guard let failure = error as? ELFNotes.Failure else {
      return BootError(.manifest, unit: unit, "cannot be read", file: path, cause: error)
    }
    switch failure {
    case .notELF:
      return BootError(
        .manifest, unit: unit, "not a plugin: expected an ELF library, found another kind of file",
        file: path)
    case .unsupported(let what):
      return BootError(
        .manifest, unit: unit,
        "expected a 64-bit little-endian shared library, found \(what)", file: path)
    case .otherMachine(let found, let expected):
      return BootError(
        .abi, unit: unit,
        "expected a library for \(expected), found one for \(found); build it on this machine",
        file: path)
    case .truncated(let what):
      return BootError(
        .manifest, unit: unit,
        "expected a whole library, found one that ends before \(what); copy or build it again",
        file: path)
    case .tooLarge(let what):
      return BootError(
        .manifest, unit: unit, "expected an ordinary library, found \(what)", file: path)
    }
  }
}
