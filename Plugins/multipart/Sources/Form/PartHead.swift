/// The fields in front of a part's content that say what it is.
///
/// - Source: RFC 7578 §4.2 to §4.5; `filename*` of RFC 5987, which some clients send all the same.
public struct PartHead: Equatable, Sendable {
  /// Of the form's field.
  public var name = ""
  /// As the client sent it, without folders; nil for what is no file.
  public var filename: String?
  /// The media type as sent; `text/plain` when there is none.
  public var contentType = "text/plain"
  /// `Content-Transfer-Encoding`, lower case; `7bit` when there is none.
  public var encoding = "7bit"

  /// A part is a file when it has a name for one, or is binary.
  public var isFile: Bool { filename != nil || contentType == "application/octet-stream" }

  public init(name: String, filename: String? = nil) {
    self.name = name
    self.filename = filename
  }

  /// - Parameter bytes: the lines, without the blank one.
  /// - Throws: `.malformed` without a `Content-Disposition: form-data` that has a name.
  init(_ bytes: ArraySlice<UInt8>) throws {
    var hasName = false
    for line in Self.lines(bytes) {
      guard let colon = line.firstIndex(of: 0x3A) else {
        throw MultipartFailure.malformed("a line in the head of a part has no colon")
      }
      let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed
      switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
      case "content-disposition":
        let disposition = Disposition(value)
        guard disposition.kind == "form-data" else {
          throw MultipartFailure.malformed("a part is not form-data")
        }
        hasName = disposition["name"] != nil
        name = disposition["name"] ?? ""
        filename = disposition.filename
      case "content-type": contentType = value
      case "content-transfer-encoding": encoding = value.lowercased()
      default: break
      }
    }
    guard hasName else { throw MultipartFailure.malformed("a part has no name") }
  }

  private static func lines(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    bytes.split(separator: 0x0A).map { $0.last == 0x0D ? $0.dropLast() : $0 }
      .filter { !$0.isEmpty }
  }
}

/// `form-data; name="a"; filename="b.txt"`.
struct Disposition {
  private(set) var kind = ""
  private var parameters: [(name: String, value: String)] = []

  init(_ text: String) {
    var rest = Substring(text)
    kind = String(Self.take(&rest, until: ";")).trimmed.lowercased()
    while !rest.isEmpty, parameters.count < 16 {
      let name = String(Self.take(&rest, until: "=")).trimmed.lowercased()
      rest = rest.drop { $0 == " " || $0 == "\t" }
      let value: String
      if rest.first == "\"" {
        rest.removeFirst()
        value = Self.quoted(&rest)
        _ = Self.take(&rest, until: ";")
      } else {
        value = String(Self.take(&rest, until: ";")).trimmed
      }
      if !name.isEmpty, self[name] == nil { parameters.append((name, value)) }
    }
  }

  subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

  /// Without the folders that some clients send.
  var filename: String? {
    guard let name = self["filename*"].flatMap(Self.extended) ?? self["filename"] else {
      return nil
    }
    let start = name.lastIndex { $0 == "/" || $0 == "\\" }.map { name.index(after: $0) }
    return String(name[(start ?? name.startIndex)...])
  }

  /// Up to the separator, which is taken as well.
  private static func take(_ rest: inout Substring, until separator: Character) -> Substring {
    let part = rest.prefix { $0 != separator }
    rest = rest[part.endIndex...].dropFirst()
    return part
  }

  /// Up to the closing quote. A backslash counts only in front of a quote: old clients send the
  /// folders of a Windows path.
  private static func quoted(_ rest: inout Substring) -> String {
    var text = ""
    while let character = rest.popFirst(), character != "\"" {
      if character == "\\", rest.first == "\"" {
        text.append(rest.removeFirst())
      } else {
        text.append(character)
      }
    }
    return text
  }

  /// `UTF-8''n%C3%A4me` of RFC 5987; nil when it is another character set or malformed.
  private static func extended(_ text: String) -> String? {
    let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
    var bytes: [UInt8] = []
    var rest = parts[2].utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(code)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension String {
  /// Without spaces and tabs at both ends.
  var trimmed: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let last = lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(self[...last].drop(while: isSpace))
  }
}
