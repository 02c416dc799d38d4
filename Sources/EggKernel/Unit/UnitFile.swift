/// The `egg.json` of an application or framework folder. All of it is optional.
///
/// ```json
/// { "name": "shop", "version": "1.2.0", "framework": "acme", "library": "lib/libshop.so" }
/// ```
package struct UnitFile: Sendable {
  package let path: String
  package let name: String?
  package let version: String?
  /// Path or package name of the framework that this unit is built on, and its line.
  package let framework: String?
  package let frameworkLine: Int
  /// Absolute path of the unit's shared library.
  package let library: String?

  static let fields = ["name", "version", "framework", "library"]

  /// - Returns: nil when the folder has no `egg.json`.
  /// - Throws: `.config` for text that is not JSON, for a field of the wrong kind.
  package static func read(
    folder: String, unit: String, notices: inout [BootNotice]
  ) throws(BootError) -> UnitFile? {
    let path = Path.join(folder, "egg.json")
    guard let root = try readObject(path, unit: unit) else { return nil }
    for member in root.members where !fields.contains(member.key) {
      // Other tools may keep notes here; only what looks like a slip is worth a word.
      if let meant = Suggestion.closest(to: member.key, among: fields) {
        notices.append(
          .warning(
            "\(path):\(member.value.line): unknown \"\(member.key)\", did you mean "
              + "\"\(meant)\"?"))
      }
    }
    let reader = FieldReader(object: root, unit: unit)
    return UnitFile(
      path: path,
      name: try reader.name("name"),
      version: try reader.string("version"),
      framework: try reader.string("framework"),
      frameworkLine: root["framework"]?.line ?? 0,
      library: try reader.string("library").map { Path.join(folder, $0) })
  }
}

extension UnitFile {
  /// The whole file as JSON without comments, `${` written so that interpolation leaves it; `{}`
  /// without a file.
  static func text(folder: String, unit: String) throws(BootError) -> String {
    guard let root = try readObject(Path.join(folder, "egg.json"), unit: unit) else { return "{}" }
    let bytes = Array(JSONWriter.text(root.value).utf8)
    var escaped: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
        escaped.append(byte)
      }
      escaped.append(byte)
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}

/// Reads a file of JSON with comments whose top must be an object; nil when there is no file.
func readObject(_ path: String, unit: String) throws(BootError) -> LocatedValue? {
  guard let bytes = try FileReader.contents(of: path, unit: unit) else { return nil }
  return try parseObject(bytes, file: path, unit: unit)
}

/// The same for bytes in memory.
func parseObject(
  _ bytes: [UInt8], file: String, unit: String
) throws(BootError) -> LocatedValue {
  let document: JSONDocument
  do {
    document = try JSONParser.parse(bytes, file: file, options: .config)
  } catch {
    throw BootError(.config, unit: unit, error)
  }
  guard case .object = document.value else {
    throw BootError(
      .config, unit: unit,
      "expected an object { … } at the top, found \(document.value.kindName)", file: file,
      line: document.root.line)
  }
  return document.root
}

/// Takes typed fields out of an object; a field of another kind is an error with its line.
struct FieldReader {
  let object: LocatedValue
  let unit: String
  var code = BootError.Code.config

  func string(_ key: String) throws(BootError) -> String? {
    guard let field = object[key] else { return nil }
    guard let text = field.value.string, !text.isEmpty else {
      throw wrong(key, field, "a string that is not empty")
    }
    return text
  }

  /// A name that also serves as the name of a folder.
  func name(_ key: String) throws(BootError) -> String? {
    guard let text = try string(key), let field = object[key] else { return nil }
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw wrong(key, field, "a name without control characters")
    }
    return text
  }

  func bool(_ key: String) throws(BootError) -> Bool? {
    guard let field = object[key] else { return nil }
    guard let flag = field.value.bool else { throw wrong(key, field, "true or false") }
    return flag
  }

  func int(_ key: String) throws(BootError) -> Int64? {
    guard let field = object[key] else { return nil }
    guard let number = field.value.int else { throw wrong(key, field, "a whole number") }
    return number
  }

  /// - Parameter alias: a second name for the same field.
  func strings(_ key: String, alias: String? = nil) throws(BootError) -> [String]? {
    guard let field = object[key] ?? alias.flatMap({ object[$0] }) else { return nil }
    guard let list = field.value.strings else { throw wrong(key, field, "a list of strings") }
    return list
  }

  func wrong(_ key: String, _ field: LocatedValue, _ expected: String) -> BootError {
    let found = field.value.string == "" ? "an empty one" : field.value.kindName
    return BootError(
      code, unit: unit, "expected \"\(key)\" to be \(expected), found \(found)",
      file: field.file, line: field.line)
  }
}
