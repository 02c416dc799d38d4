/// What is wrong with a JSON file, and where.
struct JSONMistake: Error {
  var message: String
  var offset: Int
}

/// Reads JSON (RFC 8259) as Egg's configuration files have it: `//` and `/* */` comments, and a
/// comma after the last element, are allowed.
struct JSONReader {
  private static let maximumDepth = 64

  private let bytes: [UInt8]
  private var position = 0

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// - Throws: the first mistake; duplicate keys are one.
  static func read(_ bytes: [UInt8]) throws(JSONMistake) -> JSONNode {
    var reader = JSONReader(bytes)
    let node = try reader.readValue(depth: 0)
    try reader.skipSpace()
    if reader.position < bytes.count {
      throw reader.mistake("expected the end of the file behind the value")
    }
    return node
  }

  private func mistake(_ message: String, at offset: Int? = nil) -> JSONMistake {
    JSONMistake(message: message, offset: offset ?? position)
  }

  private var byte: UInt8 { position < bytes.count ? bytes[position] : 0 }

  private mutating func skipSpace() throws(JSONMistake) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D:
        position += 1
      case 0x2F where position + 1 < bytes.count && bytes[position + 1] == 0x2F:
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      case 0x2F where position + 1 < bytes.count && bytes[position + 1] == 0x2A:
        let start = position
        position += 2
        while true {
          if position + 1 >= bytes.count { throw mistake("comment without an end", at: start) }
          if bytes[position] == 0x2A, bytes[position + 1] == 0x2F { break }
          position += 1
        }
        position += 2
      default:
        return
      }
    }
  }

  private mutating func readValue(depth: Int) throws(JSONMistake) -> JSONNode {
    try skipSpace()
    if depth > Self.maximumDepth { throw mistake("nested too deeply") }
    let start = position
    switch byte {
    case 0x7B: return JSONNode(value: .object(try readMembers(depth: depth)), offset: start)
    case 0x5B: return JSONNode(value: .array(try readItems(depth: depth)), offset: start)
    case 0x22: return JSONNode(value: .string(try readString()), offset: start)
    case 0x2D, 0x30...0x39: return JSONNode(value: .number(try readNumber()), offset: start)
    case 0x61...0x7A:
      while byte.isNamePart { position += 1 }
      switch String(decoding: bytes[start..<position], as: UTF8.self) {
      case "true": return JSONNode(value: .bool(true), offset: start)
      case "false": return JSONNode(value: .bool(false), offset: start)
      case "null": return JSONNode(value: .null, offset: start)
      default: throw mistake("expected a value", at: start)
      }
    default:
      throw mistake("expected a value")
    }
  }

  private mutating func readMembers(depth: Int) throws(JSONMistake) -> [JSONNode.Member] {
    var members: [JSONNode.Member] = []
    position += 1
    while true {
      try skipSpace()
      if byte == 0x7D { break }
      guard byte == 0x22 else { throw mistake("expected a key in quotes or \"}\"") }
      let keyOffset = position
      let key = try readString()
      if members.contains(where: { $0.key == key }) {
        throw mistake("the key \"\(key)\" is there twice", at: keyOffset)
      }
      try skipSpace()
      guard byte == 0x3A else { throw mistake("expected \":\" behind the key \"\(key)\"") }
      position += 1
      members.append(
        JSONNode.Member(key: key, keyOffset: keyOffset, value: try readValue(depth: depth + 1)))
      try skipSpace()
      if byte == 0x7D { break }
      guard byte == 0x2C else { throw mistake("expected \",\" or \"}\"") }
      position += 1
    }
    position += 1
    return members
  }

  private mutating func readItems(depth: Int) throws(JSONMistake) -> [JSONNode] {
    var items: [JSONNode] = []
    position += 1
    while true {
      try skipSpace()
      if byte == 0x5D { break }
      items.append(try readValue(depth: depth + 1))
      try skipSpace()
      if byte == 0x5D { break }
      guard byte == 0x2C else { throw mistake("expected \",\" or \"]\"") }
      position += 1
    }
    position += 1
    return items
  }

  private mutating func readNumber() throws(JSONMistake) -> String {
    let start = position
    if byte == 0x2D { position += 1 }
    let integer = position
    skipDigits()
    var isValid = position > integer && (position == integer + 1 || bytes[integer] != 0x30)
    if byte == 0x2E {
      position += 1
      if !byte.isDigit { isValid = false }
      skipDigits()
    }
    if byte == 0x65 || byte == 0x45 {
      position += 1
      if byte == 0x2B || byte == 0x2D { position += 1 }
      if !byte.isDigit { isValid = false }
      skipDigits()
    }
    guard isValid else { throw mistake("not a number", at: start) }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func skipDigits() {
    while byte.isDigit { position += 1 }
  }

  private mutating func readString() throws(JSONMistake) -> String {
    let start = position
    var text: [UInt8] = []
    position += 1
    while true {
      guard position < bytes.count, bytes[position] >= 0x20 else {
        throw mistake("text without an end quote", at: start)
      }
      let current = bytes[position]
      position += 1
      if current == 0x22 { break }
      if current != 0x5C {
        text.append(current)
        continue
      }
      let escape = byte
      position += 1
      switch escape {
      case 0x22, 0x5C, 0x2F: text.append(escape)
      case 0x62: text.append(0x08)
      case 0x66: text.append(0x0C)
      case 0x6E: text.append(0x0A)
      case 0x72: text.append(0x0D)
      case 0x74: text.append(0x09)
      case 0x75: text += Array(String(try readUnicodeEscape()).utf8)
      default: throw mistake("unknown escape in a text", at: position - 2)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func readUnicodeEscape() throws(JSONMistake) -> Unicode.Scalar {
    var value = try readHexadecimal()
    if value & 0xFC00 == 0xD800, byte == 0x5C, position + 1 < bytes.count,
      bytes[position + 1] == 0x75
    {
      position += 2
      let low = try readHexadecimal()
      if low & 0xFC00 == 0xDC00 { value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF }
    }
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }

  private mutating func readHexadecimal() throws(JSONMistake) -> UInt32 {
    guard position + 4 <= bytes.count,
      let value = UInt32(
        String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw mistake("expected four hexadecimal digits") }
    position += 4
    return value
  }
}
