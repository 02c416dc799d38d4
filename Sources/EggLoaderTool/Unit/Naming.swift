/// How a path below a convention folder becomes a property (Egg's FileLoader, caseStyle `lower`).

/// `foo_bar` and `foo-bar` become `fooBar`; the first letter is lowered.
///
/// - Returns: nil unless the segment is letters, digits, `_` and `-`, starting with a letter.
/// - Source: egg-core file_loader, `getProperties` and `camelize`.
func propertyName(_ segment: String) -> String? {
  let bytes = Array(segment.utf8)
  guard let first = bytes.first, first < 0x80, first.isNameStart, first != 0x5F else { return nil }
  var result: [UInt8] = []
  var index = 0
  while index < bytes.count {
    let byte = bytes[index]
    guard byte == 0x2D || (byte < 0x80 && byte.isNamePart) else { return nil }
    if byte == 0x2D || byte == 0x5F, index + 1 < bytes.count, bytes[index + 1].isLetter {
      result.append(bytes[index + 1].uppercased)
      index += 2
    } else {
      result.append(byte)
      index += 1
    }
  }
  result[0] |= 0x20
  return String(decoding: result, as: UTF8.self)
}

/// A name as source code: in backticks where Swift needs them.
func identifier(_ name: String) -> String {
  let isPlain = isPlainName(name) && !(name.utf8.first?.isDigit ?? true)
  return isPlain && !reservedWords.contains(name) ? name : "`\(name)`"
}

private func isPlainName(_ name: String) -> Bool {
  for byte in name.utf8 where !byte.isNamePart { return false }
  return true
}

/// The name of a generated type: `Controllers` and ["admin", "user"] give `Controllers_admin_user`.
func typeName(_ root: String, _ path: [String]) -> String {
  var name = root
  for part in path {
    name += "_"
    name += isPlainName(part) ? part : part.split(separator: "-").joined(separator: "__")
  }
  return name
}

/// `user` gives `User`, for the class names that messages suggest.
func capitalized(_ name: String) -> String {
  name.prefix(1).uppercased() + name.dropFirst()
}

/// `text` as a Swift string literal.
func stringLiteral(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case _ where scalar.value < 0x20: result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

/// The Swift Programming Language, "Keywords and Punctuation".
private let reservedWords: Set<String> = [
  "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "init",
  "inout", "internal", "let", "open", "operator", "precedencegroup", "private", "protocol",
  "public", "rethrows", "static", "struct", "subscript", "typealias", "var", "break", "case",
  "catch", "continue", "default", "defer", "do", "else", "fallthrough", "for", "guard", "if", "in",
  "repeat", "return", "switch", "throw", "where", "while", "Any", "as", "await", "false", "is",
  "nil", "self", "Self", "super", "throws", "true", "try", "Type", "Protocol", "_",
]

extension UInt8 {
  var isLetter: Bool { isNameStart && self != 0x5F && self < 0x80 }
  var uppercased: UInt8 { self >= 0x61 && self <= 0x7A ? self & ~0x20 : self }
}
