/// Leaves of an HTML text what a list allows; everything else becomes text.
///
///     HTMLFilter().clean("<b onclick=x>hi</b><script>1</script>")
///     // <b>hi</b>&lt;script&gt;1&lt;/script&gt;
public struct HTMLFilter {
  /// Attributes by tag.
  public typealias Tags = [String: Set<String>]

  private let tags: Tags
  private let isSafeHost: (String) -> Bool

  /// - Parameters:
  ///   - tags: allowed tags with their attributes, in lower case.
  ///   - isSafeHost: whether `href` and `src` may lead to a host.
  public init(
    _ tags: Tags = HTMLFilter.usual, isSafeHost: @escaping (String) -> Bool = { _ in false }
  ) {
    self.tags = tags
    self.isSafeHost = isSafeHost
  }

  /// What formatted text of visitors needs.
  public static let usual: Tags = {
    var tags: Tags = [
      "a": ["target", "href", "title", "rel"], "img": ["src", "alt", "title", "width", "height"],
      "audio": ["controls", "loop", "preload", "src"], "col": ["align", "valign", "span", "width"],
      "video": ["controls", "loop", "preload", "src", "height", "width", "poster"],
      "blockquote": ["cite"], "del": ["datetime"], "ins": ["datetime"], "details": ["open"],
      "td": ["width", "rowspan", "colspan", "align", "valign"],
      "th": ["width", "rowspan", "colspan", "align", "valign"],
      "tr": ["rowspan", "align", "valign"], "table": ["width", "border", "align", "valign"],
      "font": ["color", "size", "face"], "abbr": ["title"], "ol": ["start"],
    ]
    let plain =
      "address article aside b bdi bdo big br caption center cite code dd div dl dt em footer h1 h2"
      + " h3 h4 h5 h6 header hr i li mark nav p pre s section small span sub summary sup strong"
      + " strike tbody tfoot thead tt u ul figure figcaption"
    for tag in plain.split(separator: " ") { tags[String(tag)] = [] }
    return tags
  }()

  /// - Returns: well-formed tags of the list with attributes of the list; comments are dropped,
  ///   other `<` and `>` escaped. Linear in the length of `html`.
  public func clean(_ html: String) -> String {
    let bytes = Array(html.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var at = 0
    // Once no comment ends behind some place, none does behind a later one.
    var commentsEnd = true
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: ">") {
        result += "&gt;".utf8
        at += 1
      } else if byte != UInt8(ascii: "<") {
        result.append(byte)
        at += 1
      } else if bytes[at...].starts(with: "<!--".utf8) {
        let end = commentsEnd ? endOfComment(bytes, at + 4) : nil
        commentsEnd = end != nil
        at = end ?? bytes.count
      } else if let tag = Tag(bytes, at) {
        result += written(tag, bytes)
        at = tag.end
      } else {
        result += "&lt;".utf8
        at += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private func endOfComment(_ bytes: [UInt8], _ start: Int) -> Int? {
    var at = start
    while at + 2 < bytes.count {
      if bytes[at] == 0x2D, bytes[at + 1] == 0x2D, bytes[at + 2] == 0x3E { return at + 3 }
      at += 1
    }
    return nil
  }

  private func written(_ tag: Tag, _ bytes: [UInt8]) -> [UInt8] {
    guard let allowed = tags[tag.name] else {
      return Array(Escaped.html(String(decoding: bytes[tag.start..<tag.end], as: UTF8.self)).utf8)
    }
    if tag.isClosing { return Array("</\(tag.name)>".utf8) }
    var text = "<\(tag.name)"
    for (name, value) in tag.attributes where allowed.contains(name) {
      guard let value else {
        text += " \(name)"
        continue
      }
      if isAddress(name), !isSafeAddress(value) { continue }
      text += " \(name)=\"\(quoted(value))\""
    }
    return Array((text + (tag.isEmpty ? " />" : ">")).utf8)
  }

  private func isAddress(_ name: String) -> Bool {
    ["href", "src", "cite", "poster"].contains(name)
  }

  /// A path, a fragment, or a web address of a safe host. Entities count as what they stand for, and
  /// controls and blanks, which browsers skip, are not allowed.
  private func isSafeAddress(_ value: String) -> Bool {
    let text = Self.entitiesDecoded(value)
    guard !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0 == "\\" }) else {
      return false
    }
    if text.hasPrefix("//") { return hostOf("http:" + text).map(isSafeHost) ?? false }
    if text.hasPrefix("/") || text.hasPrefix("#") { return true }
    let lower = text.lowercased()
    guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else { return false }
    return hostOf(text).map(isSafeHost) ?? false
  }

  private func quoted(_ value: String) -> String {
    var text = ""
    for character in value.unicodeScalars {
      switch character {
      case "\"": text += "&quot;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }

  /// Numeric entities, and the named ones that addresses are disguised with.
  static func entitiesDecoded(_ text: String) -> String {
    guard text.contains("&") else { return text }
    let named = [
      "amp": "&", "colon": ":", "sol": "/", "tab": "\t", "newline": "\n", "lpar": "(", "quot": "\"",
    ]
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstIndex(of: "&") {
      result += rest[..<start]
      rest = rest[start...].dropFirst()
      let name = rest.prefix(12).prefix { $0.isLetter || $0.isNumber || $0 == "#" }
      let isClosed = rest.dropFirst(name.count).first == ";"
      if name.hasPrefix("#") {
        let digits = name.dropFirst()
        let isHex = digits.first == "x" || digits.first == "X"
        let code = UInt32(isHex ? digits.dropFirst() : digits, radix: isHex ? 16 : 10)
        guard let scalar = code.flatMap(Unicode.Scalar.init) else { return "\u{0}" }
        result.unicodeScalars.append(scalar)
      } else if let plain = named[name.lowercased()] {
        result += plain
      } else {
        result += "&"
        continue
      }
      rest = rest.dropFirst(name.count + (isClosed ? 1 : 0))
    }
    return result + rest
  }
}

/// One tag as it is written.
private struct Tag {
  let start: Int
  /// Behind `>`.
  private(set) var end: Int
  let isClosing: Bool
  private(set) var isEmpty = false
  let name: String
  private(set) var attributes: [(name: String, value: String?)] = []

  /// Longer ones are text; it also keeps a text of many `<` linear.
  private static let limit = 16_384

  /// - Returns: nil when there is no complete tag.
  init?(_ bytes: [UInt8], _ start: Int) {
    self.start = start
    let last = min(bytes.count, start + Self.limit)
    var at = start + 1
    isClosing = at < last && bytes[at] == UInt8(ascii: "/")
    if isClosing { at += 1 }
    let nameStart = at
    while at < last, Escaped.isAlphanumeric(bytes[at]) { at += 1 }
    guard at > nameStart, bytes[nameStart] > 0x39 else { return nil }
    name = String(decoding: bytes[nameStart..<at], as: UTF8.self).lowercased()
    end = at
    while at < last {
      let byte = bytes[at]
      if byte == UInt8(ascii: ">") {
        end = at + 1
        return
      }
      if byte == UInt8(ascii: "<") { return nil }
      if Self.isBlank(byte) || byte == UInt8(ascii: "/") {
        isEmpty = byte == UInt8(ascii: "/")
        at += 1
        continue
      }
      isEmpty = false
      guard let next = readAttribute(bytes, at, last) else { return nil }
      at = next
    }
    return nil
  }

  private mutating func readAttribute(_ bytes: [UInt8], _ start: Int, _ last: Int) -> Int? {
    var at = start
    while at < last, !Self.isBlank(bytes[at]), !Array("=>/<".utf8).contains(bytes[at]) { at += 1 }
    let name = String(decoding: bytes[start..<at], as: UTF8.self).lowercased()
    while at < last, Self.isBlank(bytes[at]) { at += 1 }
    guard at < last, bytes[at] == UInt8(ascii: "=") else {
      attributes.append((name, nil))
      return at > start ? at : start + 1
    }
    at += 1
    while at < last, Self.isBlank(bytes[at]) { at += 1 }
    guard at < last else { return nil }
    let quote = bytes[at]
    let valueStart: Int
    if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      valueStart = at + 1
      at = valueStart
      while at < last, bytes[at] != quote { at += 1 }
      guard at < last else { return nil }
    } else {
      valueStart = at
      while at < last, !Self.isBlank(bytes[at]), bytes[at] != UInt8(ascii: ">") {
        if bytes[at] == UInt8(ascii: "<") { return nil }
        at += 1
      }
    }
    attributes.append((name, String(decoding: bytes[valueStart..<at], as: UTF8.self)))
    return at < last && bytes[at] == quote && valueStart <= at && quote != UInt8(ascii: ">")
      && (quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")) ? at + 1 : at
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0C || byte == 0x0D
  }
}
