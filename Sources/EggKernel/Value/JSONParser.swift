/// What a JSON text may contain, and how large it may be.
package struct JSONOptions: Sendable {
  /// `// …` and `/* … */`, and a byte order mark at the start.
  package var allowsComments = false
  /// One comma after the last element or member.
  package var allowsTrailingCommas = false
  /// A key twice in one object is an error; otherwise the last one counts, as in JavaScript, and
  /// the document has no positions.
  package var refusesDuplicateKeys = true
  /// Levels of nesting; never more than 4,096, whatever is asked for.
  package var maximumDepth = 512
  /// Bytes of text.
  package var maximumBytes = 16 << 20

  /// RFC 8259 to the letter, as requests and manifests are read.
  package static let strict = JSONOptions()

  /// The files that people write: comments and trailing commas.
  package static var config: JSONOptions {
    var options = JSONOptions()
    options.allowsComments = true
    options.allowsTrailingCommas = true
    return options
  }
}

/// Reads JSON from bytes.
///
///     try JSONParser.parse(#"{"port": 7001}"#, file: "config.json").value["port"]  // 7001
///
/// Differs from JavaScript's `JSON.parse`: integers of 64 bits are exact, half a surrogate pair
/// and a number beyond the range of a double are errors, not silently another value.
/// - Source: RFC 8259; the byte order mark, RFC 8259 section 8.1.
package struct JSONParser {
  private let bytes: [UInt8]
  private let file: String
  private let options: JSONOptions
  private let depthLimit: Int
  private var at = 0
  private var line: UInt32 = 1
  private var lineStart = 0
  private var nodes: [JSONDocument.Node] = []

  /// - Parameters:
  ///   - bytes: UTF-8.
  ///   - file: the name that positions and messages carry.
  /// - Throws: `JSONError` with the place, the line and what to do. Never traps, whatever the bytes.
  package static func parse(
    _ bytes: [UInt8], file: String, options: JSONOptions = .strict
  ) throws(JSONError) -> JSONDocument {
    var parser = JSONParser(bytes: bytes, file: file, options: options)
    return try parser.document()
  }

  /// The same for a text in memory.
  package static func parse(
    _ text: String, file: String, options: JSONOptions = .strict
  ) throws(JSONError) -> JSONDocument {
    try parse(Array(text.utf8), file: file, options: options)
  }

  private init(bytes: [UInt8], file: String, options: JSONOptions) {
    self.bytes = bytes
    self.file = file
    self.options = options
    self.depthLimit = min(options.maximumDepth, 4096)
  }

  private mutating func document() throws(JSONError) -> JSONDocument {
    // Positions are 32-bit, which is also a sane end of what is read at once.
    guard bytes.count <= min(options.maximumBytes, Int(UInt32.max) - 1) else {
      throw error(
        "expected at most \(options.maximumBytes) bytes, found \(bytes.count)", at: 0,
        hint: "make the file smaller")
    }
    if options.allowsComments, bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      at = 3
      lineStart = 3
    }
    nodes.reserveCapacity(min(bytes.count / 8, 4096))
    try skipSpace()
    let value = try value(depth: 0, position: here)
    try skipSpace()
    guard at == bytes.count else {
      throw error("expected the end of the text, found \(found)", hint: "remove what follows")
    }
    // Where a key may come twice, values and nodes no longer match one to one.
    return JSONDocument(
      file: file, value: value, nodes: options.refusesDuplicateKeys ? nodes : [])
  }

  // MARK: Values

  private mutating func value(
    depth: Int, position: SourcePosition
  ) throws(JSONError) -> ConfigValue {
    let node = nodes.count
    nodes.append(.init(position: position, next: 0))
    defer { nodes[node].next = UInt32(truncatingIfNeeded: nodes.count) }
    guard at < bytes.count else { throw error("expected a value, found the end of the text") }
    switch bytes[at] {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t") where takes("true"): return .bool(true)
    case UInt8(ascii: "f") where takes("false"): return .bool(false)
    case UInt8(ascii: "n") where takes("null"): return .null
    case UInt8(ascii: "'"):
      throw error("expected a value, found a single quote", hint: "use double quotes")
    default:
      throw error(
        "expected a value, found \(found)",
        hint: "a value is a \"string\", a number, true, false, null, [ … ] or { … }")
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> ConfigValue {
    guard depth < depthLimit else { throw tooDeep }
    let start = at
    at += 1
    var members = ConfigObject()
    while true {
      try skipSpace()
      guard at < bytes.count else { throw unclosed("{", "}", start) }
      if bytes[at] == UInt8(ascii: "}") {
        if !members.isEmpty, !options.allowsTrailingCommas {
          throw error("expected a key after the comma, found \"}\"", hint: "remove the comma")
        }
        at += 1
        return .object(members)
      }
      guard bytes[at] == UInt8(ascii: "\"") else {
        throw error(
          "expected a key in double quotes, found \(found)",
          hint: "write \"key\": value")
      }
      let keyPlace = at
      let position = here
      let key = try string()
      try skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else {
        throw error("expected \":\" after the key \"\(key)\", found \(found)")
      }
      at += 1
      try skipSpace()
      let earlier = members.position(of: key)
      if earlier != nil, options.refusesDuplicateKeys {
        throw error(
          "expected each key once, found \"\(key)\" again", at: keyPlace,
          hint: "only the last one would count; remove one of them")
      }
      let value = try value(depth: depth + 1, position: position)
      if let earlier {
        members[at: earlier] = value
      } else {
        members.append(key, value)
      }
      try skipSpace()
      guard at < bytes.count else { throw unclosed("{", "}", start) }
      if bytes[at] == UInt8(ascii: ",") {
        at += 1
      } else if bytes[at] != UInt8(ascii: "}") {
        throw error(
          "expected \",\" or \"}\" after the value of \"\(key)\", found \(found)",
          hint: "put a comma between two members")
      } else {
        at += 1
        return .object(members)
      }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> ConfigValue {
    guard depth < depthLimit else { throw tooDeep }
    let start = at
    at += 1
    var elements: [ConfigValue] = []
    while true {
      try skipSpace()
      guard at < bytes.count else { throw unclosed("[", "]", start) }
      if bytes[at] == UInt8(ascii: "]") {
        if !elements.isEmpty, !options.allowsTrailingCommas {
          throw error("expected a value after the comma, found \"]\"", hint: "remove the comma")
        }
        at += 1
        return .array(elements)
      }
      elements.append(try value(depth: depth + 1, position: here))
      try skipSpace()
      guard at < bytes.count else { throw unclosed("[", "]", start) }
      if bytes[at] == UInt8(ascii: ",") {
        at += 1
      } else if bytes[at] == UInt8(ascii: "]") {
        at += 1
        return .array(elements)
      } else {
        throw error(
          "expected \",\" or \"]\" after an element, found \(found)",
          hint: "put a comma between two elements")
      }
    }
  }

  // MARK: Space and words

  /// Skips blanks, line ends and, where allowed, comments. Line ends occur nowhere else, so
  /// lines are counted here.
  private mutating func skipSpace() throws(JSONError) {
    while at < bytes.count {
      switch bytes[at] {
      case 0x0A:
        at += 1
        line &+= 1
        lineStart = at
      case 0x20, 0x09, 0x0D:
        at += 1
      case UInt8(ascii: "/"):
        guard options.allowsComments else {
          throw error("expected no comment here", hint: "this text is plain JSON")
        }
        try skipComment()
      default:
        return
      }
    }
  }

  private mutating func skipComment() throws(JSONError) {
    let start = at
    let second = at + 1 < bytes.count ? bytes[at + 1] : 0
    if second == UInt8(ascii: "/") {
      while at < bytes.count, bytes[at] != 0x0A { at += 1 }
      return
    }
    guard second == UInt8(ascii: "*") else {
      throw error("expected a value, a key or a comment, found \"/\"")
    }
    at += 2
    while at + 1 < bytes.count {
      if bytes[at] == UInt8(ascii: "*"), bytes[at + 1] == UInt8(ascii: "/") {
        at += 2
        return
      }
      if bytes[at] == 0x0A {
        line &+= 1
        lineStart = at + 1
      }
      at += 1
    }
    throw error("expected \"*/\" to end this comment, found the end of the text", at: start)
  }

  private mutating func takes(_ word: StaticString) -> Bool {
    let end = at + word.utf8CodeUnitCount
    guard end <= bytes.count else { return false }
    let matches = word.withUTF8Buffer { unsafe bytes[at..<end].elementsEqual($0) }
    if matches { at = end }
    return matches
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> ConfigValue {
    let start = at
    let negative = bytes[at] == UInt8(ascii: "-")
    if negative { at += 1 }
    var magnitude: UInt64 = 0
    var fits = true
    let digits = at
    while let digit = digit(at) {
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      if overflow || carry { fits = false } else { magnitude = sum }
      at += 1
    }
    guard at > digits else { throw error("expected a digit after \"-\", found \(found)") }
    if bytes[digits] == UInt8(ascii: "0"), at > digits + 1 {
      throw error(
        "expected no further digit after a leading zero", at: start,
        hint: "remove the zero, or put the number in quotes")
    }
    var isInteger = true
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      isInteger = false
      at += 1
      try digitsRequired(after: "the decimal point")
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
        at += 1
      }
      try digitsRequired(after: "the exponent")
    }
    if isInteger, fits {
      if !negative, magnitude <= UInt64(Int64.max) { return .int(Int64(magnitude)) }
      if negative, magnitude != 0, magnitude <= UInt64(Int64.max) {
        return .int(-Int64(magnitude))
      }
      if negative, magnitude == UInt64(Int64.max) + 1 { return .int(.min) }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw error("expected a number below 1.8e308, found \(text.prefix(40))", at: start)
    }
    return .double(value)
  }

  private mutating func digitsRequired(after what: String) throws(JSONError) {
    let start = at
    while digit(at) != nil { at += 1 }
    if at == start { throw error("expected a digit after \(what), found \(found)") }
  }

  private func digit(_ place: Int) -> UInt8? {
    guard place < bytes.count else { return nil }
    let value = bytes[place] &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    let start = at
    at += 1
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        let text = try decoded(bytes[(start + 1)..<at])
        at += 1
        return text
      case UInt8(ascii: "\\"): return try escapedString(start)
      case 0..<0x20: throw controlCharacter
      default: at += 1
      }
    }
    throw openString(start)
  }

  /// The slow way for strings with escapes; `at` is on the first backslash.
  private mutating func escapedString(_ start: Int) throws(JSONError) -> String {
    var text = Array(bytes[(start + 1)..<at])
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        let result = try decoded(text[...])
        at += 1
        return result
      }
      if byte < 0x20 { throw controlCharacter }
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        at += 1
        continue
      }
      guard at + 1 < bytes.count else { throw openString(start) }
      let escape = bytes[at + 1]
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        let scalar = try unicodeEscape()
        text.append(contentsOf: UTF8.encode(scalar)!)
        continue
      default:
        throw error(
          "expected an escape such as \\n or \\u00e9, found \(found)",
          hint: "write \\\\ for a backslash")
      }
      at += 2
    }
    throw openString(start)
  }

  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let start = at
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    {
      let second = try hexadecimal()
      if (0xDC00...0xDFFF).contains(second) {
        let high = (UInt32(first) - 0xD800) << 10
        if let scalar = Unicode.Scalar(0x10000 + high + UInt32(second) - 0xDC00) {
          return scalar
        }
      }
    }
    throw error(
      "expected a pair of \\u escapes, found half a surrogate pair", at: start,
      hint: "write both halves, or the character itself")
  }

  /// The four digits of `\uXXXX`; `at` is on the backslash and ends behind the digits.
  private mutating func hexadecimal() throws(JSONError) -> UInt16 {
    var value: UInt16 = 0
    for place in (at + 2)..<(at + 6) {
      let byte = place < bytes.count ? bytes[place] : 0
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        value = value << 4 | UInt16(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"):
        value = value << 4 | UInt16(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"):
        value = value << 4 | UInt16(byte - UInt8(ascii: "A") + 10)
      default: throw error("expected four hexadecimal digits after \\u")
      }
    }
    at += 6
    return value
  }

  private func decoded(_ slice: ArraySlice<UInt8>) throws(JSONError) -> String {
    let text: String? = unsafe slice.withUnsafeBufferPointer { buffer in
      // ASCII, the usual case, takes the shorter way through the standard library.
      if unsafe buffer.allSatisfy({ $0 < 0x80 }) {
        return unsafe String(decoding: buffer, as: UTF8.self)
      }
      return unsafe String(validating: buffer, as: UTF8.self)
    }
    guard let text else {
      throw error("expected UTF-8, found other bytes before this place", hint: "save it as UTF-8")
    }
    return text
  }

  // MARK: Places and errors

  private var here: SourcePosition {
    SourcePosition(
      line: line, column: UInt32(truncatingIfNeeded: at - lineStart + 1))
  }

  private var found: String {
    guard at < bytes.count else { return "the end of the text" }
    var end = at + 1
    while end < bytes.count, end - at < 4, bytes[end] & 0xC0 == 0x80 { end += 1 }
    let text = String(decoding: bytes[at..<end], as: UTF8.self)
    switch text {
    case "\"": return "a double quote"
    case "\n", "\r": return "the end of the line"
    default: return "\"\(text)\""
    }
  }

  private var tooDeep: JSONError {
    error("expected at most \(depthLimit) levels of nesting, found more")
  }

  private var controlCharacter: JSONError {
    error(
      "expected the end of the string, found a line end or control character",
      hint: "close it with \" or write \\n for a line end")
  }

  private func openString(_ start: Int) -> JSONError {
    error("expected \" to end this string, found the end of the text", at: start)
  }

  private func unclosed(_ open: String, _ close: String, _ start: Int) -> JSONError {
    error("expected \"\(close)\" for this \"\(open)\", found the end of the text", at: start)
  }

  private func error(_ message: String, at place: Int? = nil, hint: String = "") -> JSONError {
    JSONError(file: file, bytes: bytes, offset: place ?? at, message: message, hint: hint)
  }
}
