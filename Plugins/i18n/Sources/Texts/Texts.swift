import Egg
import Glibc

/// The texts of every locale, by key; keys of nested objects are joined with dots.
public final class Texts {
  private var locales: [String: [String: String]] = [:]

  public init() {}

  public func has(_ locale: String) -> Bool { locales[locale] != nil }

  // MARK: reading

  /// Every `LOCALE.json`, `.properties`, `.yaml` and `.yml` of a folder; a folder that is not there has
  /// none.
  ///
  /// - Throws: `EggError` with file and line for what holds no texts.
  public func read(folder: String) throws {
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = Glibc.readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix("."), Self.formats.contains(where: { name.hasSuffix("." + $0) }) {
        names.append(name)
      }
    }
    for name in names.sorted() { try read(file: folder + "/" + name) }
  }

  public static let formats = ["json", "properties", "yaml", "yml"]

  /// - Parameter file: `…/zh-CN.json`; what it says wins over what was read before.
  public func read(file: String) throws {
    let name = file.split(separator: "/").last ?? ""
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    let locale = normalized(String(name[..<dot]))
    let content: Value
    do {
      let bytes = try Self.bytes(of: file)
      switch name[dot...] {
      case ".properties": content = .map(try PropertiesReader.read(bytes))
      case ".yaml", ".yml": content = .map(try YAMLReader.read(bytes))
      default: content = try Value(json: bytes)
      }
    } catch {
      throw EggError(code: "EGG_I18N", "\(file): \(EggError(error).message)")
    }
    guard let map = content.object else {
      throw EggError(
        code: "EGG_I18N", "\(file): expected an object of texts, found \(content.kindName)")
    }
    add(map, "", to: &locales[locale, default: [:]])
  }

  private func add(_ map: ValueMap, _ prefix: String, to texts: inout [String: String]) {
    for (key, value) in map {
      if let inner = value.object {
        add(inner, prefix + key + ".", to: &texts)
      } else if value.exists {
        texts[prefix + key] = value.description
      }
    }
  }

  private static func bytes(of file: String) throws -> [UInt8] {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw EggError(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw EggError(String(cString: strerror(errno))) }
      bytes += chunk[..<count]
      if bytes.count > 16 << 20 { throw EggError("the file is larger than 16 MB") }
    }
  }

  // MARK: asking

  /// - Parameter args: the key, and what is put into its text.
  /// - Returns: the key where the locale has no text.
  public func text(_ locale: String, _ args: [Value]) -> String {
    guard let key = args.first, key.exists else { return "" }
    let name = key.description
    let text = locales[locale]?[name] ?? name
    let values = args.dropFirst()
    if values.count == 1, case .map(let map)? = values.first { return filled(text, from: map) }
    if values.count == 1, case .list(let list)? = values.first { return filled(text, from: list) }
    return values.isEmpty ? text : formatted(text, Array(values))
  }

  /// `{name}`; one without a value, or with one that JavaScript finds false, stays.
  private func filled(_ text: String, from map: ValueMap) -> String {
    replacingBraces(text) { name in
      guard let value = map[name], value.isTruthy else { return nil }
      return value.description
    }
  }

  /// `{0}`
  private func filled(_ text: String, from list: [Value]) -> String {
    replacingBraces(text) { name in
      guard let place = Int(name), list.indices.contains(place) else { return nil }
      return list[place].description
    }
  }

  private func replacingBraces(_ text: String, _ value: (String) -> String?) -> String {
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let end = rest[open...].firstIndex(of: "}") {
      let name = String(rest[rest.index(after: open)..<end])
      result += rest[..<open]
      result += value(name) ?? String(rest[open...end])
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  /// `%s` text, `%d` and `%i` whole numbers, `%f` numbers, `%j` JSON, `%%` a percent sign. Values that
  /// no sign asks for come behind the text.
  private func formatted(_ text: String, _ values: [Value]) -> String {
    var result = ""
    var place = 0
    var rest = text[...]
    while let sign = rest.firstIndex(of: "%") {
      result += rest[..<sign]
      let behind = rest.index(after: sign)
      guard behind < rest.endIndex else {
        rest = rest[sign...]
        break
      }
      rest = rest[rest.index(after: behind)...]
      let kind = text[behind]
      if kind == "%" {
        result += "%"
      } else if "sdifjoO".contains(kind), place < values.count {
        result += shown(values[place], kind)
        place += 1
      } else {
        result += "%\(kind)"
      }
    }
    result += rest
    for value in values.dropFirst(place) { result += " " + value.description }
    return result
  }

  private func shown(_ value: Value, _ kind: Character) -> String {
    switch kind {
    case "s": return value.description
    case "d", "i", "f":
      let number = value.double ?? value.string.flatMap { Double($0) }
      guard let number, number.isFinite else { return "NaN" }
      if kind == "i" || number == number.rounded() {
        return Int(exactly: number.rounded(.towardZero)).map { "\($0)" } ?? "\(number)"
      }
      return "\(number)"
    default: return value.json
    }
  }
}

/// `zh_CN` and `ZH-cn` are `zh-cn`.
nonisolated public func normalized(_ locale: String) -> String {
  String(locale.lowercased().map { $0 == "_" ? "-" : $0 })
}
