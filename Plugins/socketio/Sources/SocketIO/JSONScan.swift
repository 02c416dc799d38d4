/// Looks through JSON text without building anything: whether it is well formed, what its first
/// element is, and where binary data belongs.
///
/// - Source: RFC 8259. Nesting is limited, so that nobody can exhaust the stack here or later.
nonisolated struct JSONScan {
  enum Kind { case object, list, text, number, word }

  private let bytes: UnsafeRawBufferPointer
  private(set) var at: Int
  private var depth: Int
  /// The number of binary attachments that the packet announced; placeholders are looked for if any.
  private let attachments: Int
  /// A placeholder that names no attachment.
  private(set) var hasBadPlaceholder = false

  init(_ bytes: UnsafeRawBufferPointer, from start: Int, attachments: Int = 0, depth: Int = 200) {
    self.bytes = bytes
    at = start
    self.attachments = attachments
    self.depth = depth
  }

  var isAtEnd: Bool { at == bytes.count }

  /// Passes one value. - Returns: nil when it is malformed or nested too deeply.
  mutating func value() -> Kind? {
    guard at < bytes.count else { return nil }
    switch bytes[at] {
    case UInt8(ascii: "{"): return object() ? .object : nil
    case UInt8(ascii: "["): return list() ? .list : nil
    case UInt8(ascii: "\""): return string() ? .text : nil
    case UInt8(ascii: "t"): return word("true") ? .word : nil
    case UInt8(ascii: "f"): return word("false") ? .word : nil
    case UInt8(ascii: "n"): return word("null") ? .word : nil
    default: return number() ? .number : nil
    }
  }

  /// Passes the `[` of a list and its first element.
  ///
  /// - Returns: the element's kind and place; nil when there is none.
  mutating func firstElement() -> (kind: Kind, range: Range<Int>)? {
    guard at < bytes.count, bytes[at] == UInt8(ascii: "[") else { return nil }
    at += 1
    skipSpace()
    let start = at
    guard let kind = value() else { return nil }
    return (kind, start..<at)
  }

  /// Passes what follows the first element, to the end of the list.
  mutating func restOfList() -> Bool {
    skipSpace()
    while at < bytes.count, bytes[at] == UInt8(ascii: ",") {
      at += 1
      skipSpace()
      guard value() != nil else { return false }
      skipSpace()
    }
    return skip(UInt8(ascii: "]"))
  }

  private mutating func list() -> Bool {
    guard depth > 0 else { return false }
    depth -= 1
    defer { depth += 1 }
    at += 1
    skipSpace()
    if skip(UInt8(ascii: "]")) { return true }
    guard value() != nil else { return false }
    return restOfList()
  }

  private mutating func object() -> Bool {
    guard depth > 0 else { return false }
    depth -= 1
    defer { depth += 1 }
    at += 1
    skipSpace()
    if skip(UInt8(ascii: "}")) { return true }
    var isPlaceholder = false
    var number: Range<Int>?
    repeat {
      skipSpace()
      let name = at
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\""), string() else { return false }
      let nameEnd = at
      skipSpace()
      guard skip(UInt8(ascii: ":")) else { return false }
      skipSpace()
      let start = at
      guard let kind = value() else { return false }
      if attachments > 0 {
        if matches(name..<nameEnd, "\"_placeholder\"") {
          isPlaceholder = kind == .word && bytes[start] == UInt8(ascii: "t")
        } else if matches(name..<nameEnd, "\"num\"") {
          number = start..<at
        }
      }
      skipSpace()
    } while skip(UInt8(ascii: ","))
    if isPlaceholder { check(number) }
    return skip(UInt8(ascii: "}"))
  }

  /// The texts among the members of an object that have these names; what follows is not looked at.
  mutating func texts(_ names: Set<String>) -> [String: String] {
    var found: [String: String] = [:]
    skipSpace()
    guard skip(UInt8(ascii: "{")) else { return [:] }
    repeat {
      skipSpace()
      let start = at
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\""), string() else { return found }
      let name = EventName.text(UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
      skipSpace()
      guard skip(UInt8(ascii: ":")) else { return found }
      skipSpace()
      let valueStart = at
      guard let kind = value() else { return found }
      if kind == .text, names.contains(name) {
        found[name] = EventName.text(UnsafeRawBufferPointer(rebasing: bytes[valueStart..<at]))
      }
      skipSpace()
    } while skip(UInt8(ascii: ","))
    return found
  }

  private mutating func check(_ range: Range<Int>?) {
    guard let range, range.count <= 4 else {
      hasBadPlaceholder = true
      return
    }
    var number = 0
    for place in range {
      let digit = bytes[place] &- 0x30
      guard digit < 10 else {
        hasBadPlaceholder = true
        return
      }
      number = number * 10 + Int(digit)
    }
    if number >= attachments { hasBadPlaceholder = true }
  }

  private func matches(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count where bytes[range.lowerBound + offset] != text.utf8Start[offset] {
      return false
    }
    return true
  }

  private mutating func string() -> Bool {
    at += 1
    while at < bytes.count {
      skipPlain()
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { return true }
      if byte < 0x20 { return false }
      if byte == UInt8(ascii: "\\") {
        guard at < bytes.count else { return false }
        let escape = bytes[at]
        at += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
          UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
          break
        case UInt8(ascii: "u"):
          guard bytes.count - at >= 4 else { return false }
          for _ in 0..<4 {
            guard Character(Unicode.Scalar(bytes[at])).isHexDigit else { return false }
            at += 1
          }
        default: return false
        }
      }
    }
    return false
  }

  /// Passes words of eight bytes without a quotation mark, a backslash or a control character.
  private mutating func skipPlain() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // The last byte of the text is left, so that there is one to look at.
    while at &+ 8 < bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let quote = word ^ 0x2222_2222_2222_2222
      let slash = word ^ 0x5C5C_5C5C_5C5C_5C5C
      let found =
        (quote &- ones) & ~quote | (slash &- ones) & ~slash
        | (word &- 0x2020_2020_2020_2020) & ~word
      if found & 0x8080_8080_8080_8080 != 0 { return }
      at &+= 8
    }
  }

  private mutating func number() -> Bool {
    _ = skip(UInt8(ascii: "-"))
    let first = at
    guard digits() else { return false }
    if bytes[first] == 0x30, at - first > 1 { return false }
    if skip(UInt8(ascii: ".")) { guard digits() else { return false } }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
      return digits()
    }
    return true
  }

  private mutating func digits() -> Bool {
    let start = at
    while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
    return at > start
  }

  private mutating func word(_ text: StaticString) -> Bool {
    let end = at + text.utf8CodeUnitCount
    guard end <= bytes.count, matches(at..<end, text) else { return false }
    at = end
    return true
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  mutating func skipSpace() {
    while at < bytes.count,
      bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 9
    {
      at += 1
    }
  }
}
