/// Replaces `${…}` in the strings of configuration files.
///
/// | written | becomes |
/// | --- | --- |
/// | `${NAME}` | the environment variable; it must be set |
/// | `${NAME:-text}` | the variable, or `text` when it is not set or empty |
/// | `${NAME:json}` | the variable read as JSON; must be the whole string |
/// | `${NAME:json:-text}` | the same, or `text` read as JSON |
/// | `${appInfo.baseDir}` | also `name`, `env`, `scope`, `HOME`, `root` |
/// | `$${` | `${` |
///
/// The text after `:-` may hold placeholders of its own. What a variable holds is never looked
/// at again for placeholders.
package final class Interpolation: Sendable {
  /// Why a placeholder has no value. Never contains a variable's value, which may be a secret.
  package struct Failure: Error, Equatable, Sendable {
    package let message: String
  }

  package let appInfo: AppInfo
  package let variables: EnvironmentVariables

  private static let maximumNesting = 8
  static let appInfoFields = ["baseDir", "name", "env", "HOME", "root", "scope"]

  package init(appInfo: AppInfo, variables: EnvironmentVariables) {
    self.appInfo = appInfo
    self.variables = variables
  }

  /// Expands every string in `value`, within lists and objects too. Keys stay as they are.
  package func expanded(_ value: ConfigValue) throws(Failure) -> ConfigValue {
    switch value {
    case .string(let text):
      return try expanded(text)
    case .array(let elements):
      var result: [ConfigValue] = []
      result.reserveCapacity(elements.count)
      for element in elements { result.append(try expanded(element)) }
      return .array(result)
    case .object(let members):
      var result = ConfigObject()
      for (key, member) in members { result.append(key, try expanded(member)) }
      return .object(result)
    default:
      return value
    }
  }

  /// Expands one string. The result is a string, except for a lone `${NAME:json}`.
  package func expanded(_ text: String) throws(Failure) -> ConfigValue {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return .string(text) }
    let bytes = Array(text.utf8)
    if let whole = try wholePlaceholder(bytes) { return whole }
    return .string(String(decoding: try expandedBytes(bytes[...], nesting: 0), as: UTF8.self))
  }

  // MARK: Parts

  private struct Placeholder {
    var name: ArraySlice<UInt8>
    var readsJSON = false
    var fallback: ArraySlice<UInt8>?
    /// The first byte behind the closing brace.
    var end: Int
  }

  private func wholePlaceholder(_ bytes: [UInt8]) throws(Failure) -> ConfigValue? {
    guard bytes.starts(with: "${".utf8) else { return nil }
    let placeholder = try placeholder(in: bytes[...], at: 0)
    guard placeholder.readsJSON, placeholder.end == bytes.count else { return nil }
    let name = String(decoding: placeholder.name, as: UTF8.self)
    let content: [UInt8]
    let source: String
    if let value = variables[name], !(value.isEmpty && placeholder.fallback != nil) {
      content = Array(value.utf8)
      source = "the environment variable \(name)"
    } else if let fallback = placeholder.fallback {
      content = try expandedBytes(fallback, nesting: 1)
      source = "the default of ${\(name):json}"
    } else {
      throw missing(name)
    }
    do {
      return try JSONParser.parse(content, file: name, options: .config).value
    } catch {
      // Only the place: the text around it may be a password.
      throw Failure(
        message: "expected \(source) to hold JSON, found a mistake at its column \(error.column)")
    }
  }

  private func expandedBytes(_ bytes: ArraySlice<UInt8>, nesting: Int) throws(Failure) -> [UInt8] {
    guard nesting <= Self.maximumNesting else {
      throw Failure(message: "expected at most \(Self.maximumNesting) levels of \"${ … ${\"")
    }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + 32)
    var at = bytes.startIndex
    while at < bytes.endIndex {
      let byte = bytes[at]
      let next = at + 1 < bytes.endIndex ? bytes[at + 1] : 0
      if byte == UInt8(ascii: "$"), next == UInt8(ascii: "$"), at + 2 < bytes.endIndex,
        bytes[at + 2] == UInt8(ascii: "{")
      {
        output.append(contentsOf: "${".utf8)
        at += 3
      } else if byte == UInt8(ascii: "$"), next == UInt8(ascii: "{") {
        let placeholder = try placeholder(in: bytes, at: at)
        output.append(contentsOf: try value(of: placeholder, nesting: nesting))
        at = placeholder.end
      } else {
        output.append(byte)
        at += 1
      }
    }
    return output
  }

  private func value(
    of placeholder: Placeholder, nesting: Int
  ) throws(Failure) -> [UInt8] {
    let name = String(decoding: placeholder.name, as: UTF8.self)
    if placeholder.readsJSON {
      throw Failure(
        message: "expected \"${\(name):json}\" to be the whole string, found text around it")
    }
    if name.hasPrefix("appInfo.") {
      switch name.dropFirst(8) {
      case "baseDir": return Array(appInfo.baseDir.utf8)
      case "name": return Array(appInfo.name.utf8)
      case "env": return Array(appInfo.env.utf8)
      case "HOME": return Array(appInfo.home.utf8)
      case "root": return Array(appInfo.root.utf8)
      case "scope": return Array(appInfo.scope.utf8)
      case let field:
        let meant = Suggestion.phrase(for: String(field), among: Self.appInfoFields)
        throw Failure(
          message: "expected appInfo.\(Self.appInfoFields.joined(separator: ", .")), found "
            + "\"\(name)\"\(meant)")
      }
    }
    if let value = variables[name], !(value.isEmpty && placeholder.fallback != nil) {
      return Array(value.utf8)
    }
    guard let fallback = placeholder.fallback else { throw missing(name) }
    return try expandedBytes(fallback, nesting: nesting + 1)
  }

  /// Reads `${…}` whose `$` is at `start`.
  private func placeholder(
    in bytes: ArraySlice<UInt8>, at start: Int
  ) throws(Failure) -> Placeholder {
    var depth = 1
    var end = start + 2
    while end < bytes.endIndex {
      if bytes[end] == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { break }
      } else if bytes[end] == UInt8(ascii: "{"), bytes[end - 1] == UInt8(ascii: "$") {
        depth += 1
      }
      end += 1
    }
    guard end < bytes.endIndex else {
      throw Failure(
        message: "expected \"}\" for \"${\", found the end of the string; write \"$${\" for a "
          + "plain \"${\"")
    }
    let inner = bytes[(start + 2)..<end]
    let nameEnd = inner.firstIndex { !isNamePart($0) } ?? inner.endIndex
    var result = Placeholder(name: inner[..<nameEnd], end: end + 1)
    var rest = inner[nameEnd...]
    if rest.starts(with: ":json".utf8) {
      result.readsJSON = true
      rest = rest.dropFirst(5)
    }
    if rest.starts(with: ":-".utf8) {
      result.fallback = rest.dropFirst(2)
      rest = rest[rest.endIndex...]
    }
    let firstIsDigit = result.name.first.map { $0 < UInt8(ascii: "A") } ?? true
    let hasDot = result.name.contains(UInt8(ascii: "."))
    guard rest.isEmpty, !firstIsDigit, !hasDot || result.name.starts(with: "appInfo.".utf8) else {
      throw Failure(
        message: "expected ${NAME}, ${NAME:-default}, ${NAME:json} or ${appInfo.NAME}, found "
          + "\"${\(String(decoding: inner.prefix(60), as: UTF8.self))}\"; write \"$${\" for a "
          + "plain \"${\"")
    }
    return result
  }

  private func isNamePart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private func missing(_ name: String) -> Failure {
    Failure(
      message: "expected the environment variable \"\(name)\" to be set; set it, or write "
        + "\"${\(name):-default}\"")
  }
}
