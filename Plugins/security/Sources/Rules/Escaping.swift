/// Text made safe for the place where it is put.
public enum Escaped {
  /// Between tags and in quoted attributes: `& < > " '`.
  public static func html(_ text: String) -> String {
    replacing(text) { byte in
      switch byte {
      case UInt8(ascii: "&"): "&amp;"
      case UInt8(ascii: "<"): "&lt;"
      case UInt8(ascii: ">"): "&gt;"
      case UInt8(ascii: "\""): "&quot;"
      case UInt8(ascii: "'"): "&#39;"
      default: nil
      }
    }
  }

  /// In a text of JavaScript, between quotes of either kind: everything of ASCII but letters and
  /// digits becomes `\xHH`.
  ///
  ///     Escaped.javaScript("\"hi\"")  // \x22hi\x22
  public static func javaScript(_ text: String) -> String {
    let plain = replacing(text) { byte in
      switch byte {
      case UInt8(ascii: "\t"): "\\t"
      case UInt8(ascii: "\n"): "\\n"
      case UInt8(ascii: "\r"): "\\r"
      case 0x80...: nil
      case let byte where isAlphanumeric(byte): nil
      default: "\\x" + hex(byte)
      }
    }
    return lineSeparatorsEscaped(plain)
  }

  /// JSON text for a `<script>`: still JSON, but nothing in it ends the script or begins a tag.
  public static func json(_ json: String) -> String {
    let plain = replacing(json) { byte in
      switch byte {
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "'"):
        "\\u00" + hex(byte)
      default: nil
      }
    }
    return lineSeparatorsEscaped(plain)
  }

  /// One argument of a command for `sh`, whatever is in it.
  public static func shellArgument(_ text: String) -> String {
    "'" + replacing(text) { $0 == UInt8(ascii: "'") ? "'\\''" : $0 == 0 ? "" : nil } + "'"
  }

  /// A command without what `sh` gives a meaning to.
  public static func shellCommand(_ text: String) -> String {
    let meaning = Set("#&;`|*?~<>^()[]{}$'\",\n\0\\".utf8)
    return replacing(text) { meaning.contains($0) ? "" : nil }
  }

  /// Only letters, digits, `-`, `_` and `.`: for names on a command line.
  public static func commandLine(_ text: String) -> String {
    String(
      decoding: text.utf8.filter {
        isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: ".")
      }, as: UTF8.self)
  }

  /// A path below a folder: nil when it is absolute or has `..` in it, also when that is
  /// percent-encoded, and however often. So is one that is longer than any path of the system.
  public static func path(_ text: String) -> String? {
    guard text.utf8.count <= 4096 else { return nil }
    var bytes = Array(text.utf8)
    while true {
      if bytes.first == UInt8(ascii: "/") || bytes.first == UInt8(ascii: "\\") { return nil }
      if bytes.contains(0) { return nil }
      for (a, b) in zip(bytes, bytes.dropFirst()) where a == 0x2E && b == 0x2E { return nil }
      guard let decoded = percentDecoded(bytes), decoded != bytes else { return text }
      bytes = decoded
    }
  }

  // MARK: pieces

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
  }

  private static func replacing(_ text: String, _ replacement: (UInt8) -> String?) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if let other = replacement(byte) { bytes += other.utf8 } else { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// U+2028 and U+2029 end a line in older JavaScript.
  private static func lineSeparatorsEscaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0 == "\u{2028}" || $0 == "\u{2029}" }) else {
      return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\u{2028}": result += "\\u2028"
      case "\u{2029}": result += "\\u2029"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Percent escapes decoded once; nil when one is malformed.
func percentDecoded(_ bytes: [UInt8]) -> [UInt8]? {
  guard bytes.contains(UInt8(ascii: "%")) else { return bytes }
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count)
  var at = 0
  while at < bytes.count {
    if bytes[at] != UInt8(ascii: "%") {
      result.append(bytes[at])
      at += 1
      continue
    }
    guard at + 2 < bytes.count, let high = hexDigit(bytes[at + 1]),
      let low = hexDigit(bytes[at + 2])
    else { return nil }
    result.append(high << 4 | low)
    at += 3
  }
  return result
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46: byte - 0x37
  case 0x61...0x66: byte - 0x57
  default: nil
  }
}
