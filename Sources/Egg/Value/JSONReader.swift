/// Reads JSON text (RFC 8259) into a `Value`, in one pass over the bytes.
///
/// A whole number that fits 64 bits is an integer, every other one a double. Of two members
/// of one name the last wins. Limits: `depth` nested lists and objects.
nonisolated struct JSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0
  private var depth: Int

  /// Throws `JSONError`.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, depth: Int = 256) throws -> Value {
    var reader = JSONReader(bytes: bytes, depth: depth)
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { reader.at = 3 }
    reader.skipSpace()
    let value = try reader.value()
    reader.skipSpace()
    guard reader.at == bytes.count else { throw reader.error("expected the end of the text") }
    return value
  }

  /// The elements of a list, without the first ones. Throws `JSONError`.
  static func readElements(
    _ bytes: UnsafeBufferPointer<UInt8>, skipping: Int, depth: Int = 256
  ) throws -> [Value] {
    var reader = JSONReader(bytes: bytes, depth: depth)
    reader.skipSpace()
    guard reader.at < bytes.count, bytes[reader.at] == UInt8(ascii: "[") else {
      throw reader.error("expected a list, found \(reader.found)")
    }
    let items = try reader.elements(skipping: skipping)
    reader.skipSpace()
    guard reader.at == bytes.count else { throw reader.error("expected the end of the text") }
    return items
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, depth: Int) {
    self.bytes = bytes
    self.depth = depth
  }

  private mutating func value() throws -> Value {
    guard at < bytes.count else { throw error("expected a value, found the end of the text") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try list()
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw error("expected a value, found \(found)")
    }
  }

  private mutating func object() throws -> Value {
    try enter()
    var map = ValueMap()
    if skip(UInt8(ascii: "}")) { return leave(.map(map)) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
        throw error("expected a member's name in double quotes, found \(found)")
      }
      let key = try string()
      guard skip(UInt8(ascii: ":")) else { throw error("expected \":\", found \(found)") }
      skipSpace()
      map[key] = try value()
      if skip(UInt8(ascii: ",")) { continue }
      guard skip(UInt8(ascii: "}")) else { throw error("expected \",\" or \"}\", found \(found)") }
      return leave(.map(map))
    }
  }

  private mutating func list() throws -> Value { .list(try elements()) }

  private mutating func elements(skipping: Int = 0) throws -> [Value] {
    try enter()
    defer { depth += 1 }
    var items: [Value] = []
    if skip(UInt8(ascii: "]")) { return items }
    var number = 0
    while true {
      skipSpace()
      let item = try value()
      if number >= skipping { items.append(item) }
      number &+= 1
      if skip(UInt8(ascii: ",")) { continue }
      guard skip(UInt8(ascii: "]")) else { throw error("expected \",\" or \"]\", found \(found)") }
      return items
    }
  }

  private mutating func enter() throws {
    guard depth > 0 else { throw error("nested too deeply") }
    depth -= 1
    at += 1
  }

  private mutating func leave(_ value: Value) -> Value {
    depth += 1
    return value
  }

  private mutating func word(_ text: StaticString, _ value: Value) throws -> Value {
    let end = at + text.utf8CodeUnitCount
    guard end <= bytes.count else { throw error("expected \(text)") }
    for offset in 0..<text.utf8CodeUnitCount where bytes[at + offset] != text.utf8Start[offset] {
      throw error("expected \(text)")
    }
    at = end
    return value
  }

  // MARK: numbers

  private mutating func number() throws -> Value {
    let start = at
    var whole = true
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    let firstDigit = at
    guard skipDigits() else { throw error("expected a digit, found \(found)") }
    if bytes[firstDigit] == UInt8(ascii: "0"), at - firstDigit > 1 {
      at = firstDigit
      throw error("a number may not begin with 0")
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      whole = false
      at += 1
      guard skipDigits() else { throw error("expected a digit after \".\", found \(found)") }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      whole = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
        at += 1
      }
      guard skipDigits() else { throw error("expected a digit in the exponent, found \(found)") }
    }
    if whole, let integer = integer(from: start, to: at) { return .integer(integer) }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    return .number(Double(text) ?? 0)
  }

  /// Nil when it does not fit; and for "-0", which is a double.
  private func integer(from start: Int, to end: Int) -> Int? {
    let negative = bytes[start] == UInt8(ascii: "-")
    var result = 0
    for place in (negative ? start + 1 : start)..<end {
      let (product, tooLarge) = result.multipliedReportingOverflow(by: 10)
      let digit = Int(bytes[place] &- UInt8(ascii: "0"))
      let (sum, over) = product.subtractingReportingOverflow(digit)
      if tooLarge || over { return nil }
      result = sum
    }
    if negative { return result == 0 ? nil : result }
    return result == Int.min ? nil : -result
  }

  private mutating func skipDigits() -> Bool {
    let start = at
    while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 { at += 1 }
    return at > start
  }

  // MARK: strings

  private mutating func string() throws -> String {
    at += 1
    let start = at
    guard let base = bytes.baseAddress, at < bytes.count else {
      throw error("the string does not end")
    }
    let plain = PlainText.scan(base, from: at, to: bytes.count)
    at = plain.end
    guard at < bytes.count else { throw error("the string does not end") }
    switch bytes[at] {
    case UInt8(ascii: "\""):
      let inner = UnsafeBufferPointer(rebasing: bytes[start..<at])
      at += 1
      // What is ASCII needs no second look.
      if plain.isASCII { return String(decoding: inner, as: UTF8.self) }
      do {
        return try text(inner)
      } catch {
        at -= 1
        throw error
      }
    case UInt8(ascii: "\\"): return try escapedString(from: start)
    default: throw error("a control character must be escaped in a string")
    }
  }

  private mutating func escapedString(from start: Int) throws -> String {
    var unescaped = Array(bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "\""):
        let text = try unescaped.withUnsafeBufferPointer { try self.text($0) }
        at += 1
        return text
      case UInt8(ascii: "\\"):
        at += 1
        try escape(into: &unescaped)
      case ..<0x20:
        throw error("a control character must be escaped in a string")
      default:
        unescaped.append(byte)
        at += 1
      }
    }
    throw error("the string does not end")
  }

  private mutating func escape(into text: inout [UInt8]) throws {
    guard at < bytes.count else { throw error("the string does not end") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      text.append(contentsOf: String(Character(try unicodeEscape())).utf8)
    default:
      at -= 1
      throw error("unknown escape \\\(found)")
    }
  }

  /// Lone halves of a surrogate pair become U+FFFD.
  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let first = try fourDigits()
    guard first & 0xF800 == 0xD800 else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
    guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    let before = at
    at += 2
    let second = try fourDigits()
    guard second & 0xFC00 == 0xDC00 else {
      at = before
      return "\u{FFFD}"
    }
    return Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF)) ?? "\u{FFFD}"
  }

  private mutating func fourDigits() throws -> UInt32 {
    guard at + 4 <= bytes.count else { throw error("expected four hexadecimal digits") }
    var result: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else {
        throw error("expected four hexadecimal digits")
      }
      result = result << 4 | UInt32(digit)
      at += 1
    }
    return result
  }

  private func text(_ bytes: UnsafeBufferPointer<UInt8>) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw error("the string is not UTF-8")
    }
    return text
  }

  // MARK: between the values

  /// Skips white space and, if it follows, `byte`.
  private mutating func skip(_ byte: UInt8) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default: return
      }
    }
  }

  private var found: String {
    guard at < bytes.count else { return "the end of the text" }
    let byte = bytes[at]
    return byte < 0x80 && byte >= 0x20 ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte \(byte)"
  }

  private func error(_ message: String) -> JSONError {
    var line = 1
    var lineStart = 0
    for place in 0..<min(at, bytes.count) where bytes[place] == 0x0A {
      line += 1
      lineStart = place + 1
    }
    return JSONError(message: message, line: line, column: at - lineStart + 1)
  }
}
