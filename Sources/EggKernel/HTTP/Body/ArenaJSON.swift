import Glibc
import PluginABI

/// Parses JSON into a tree in a context's memory: what `request.body` is.
///
/// Strings without escapes are not copied when the source outlives the tree. Integers up to 64 bits stay
/// integers; larger ones become doubles, as in JavaScript.
///
/// - Source: RFC 8259; depth is limited.
struct ArenaJSON {
  struct Failure: Error {
    let message: String
    let offset: Int
  }

  static let depthLimit = 128

  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  /// - Parameter bytes: stay valid as long as the tree.
  /// - Throws: what is wrong and at which byte.
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>, into arena: inout Arena) throws(Failure)
    -> egg_value
  {
    var parser = ArenaJSON(bytes: bytes)
    parser.skipBlanks()
    let value = try parser.value(into: &arena, depth: 0)
    parser.skipBlanks()
    guard parser.at == bytes.count else { throw parser.failure("nothing after the value") }
    return value
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private func failure(_ expected: String) -> Failure {
    let found: String
    if at >= bytes.count {
      found = "the end"
    } else {
      let byte = bytes[at]
      found =
        byte > 0x20 && byte < 0x7F
        ? "\"\(String(decoding: [byte], as: UTF8.self))\"" : "byte \(byte)"
    }
    return Failure(message: "expected \(expected), found \(found) at byte \(at)", offset: at)
  }

  private mutating func skipBlanks() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at &+= 1
      default: return
      }
    }
  }

  private mutating func value(into arena: inout Arena, depth: Int) throws(Failure) -> egg_value {
    guard at < bytes.count else { throw failure("a value") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(into: &arena, depth: depth)
    case UInt8(ascii: "["): return try array(into: &arena, depth: depth)
    case UInt8(ascii: "\""): return egg_value(egg_str(try string(into: &arena)))
    case UInt8(ascii: "t"):
      try word("true")
      return egg_value(true)
    case UInt8(ascii: "f"):
      try word("false")
      return egg_value(false)
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString) throws(Failure) {
    let count = text.utf8CodeUnitCount
    guard bytes.count - at >= count, memcmp(bytes.baseAddress! + at, text.utf8Start, count) == 0
    else { throw failure("\(text)") }
    at += count
  }

  private mutating func object(into arena: inout Arena, depth: Int) throws(Failure) -> egg_value {
    guard depth < ArenaJSON.depthLimit else { throw failure("at most 128 levels") }
    at += 1
    skipBlanks()
    var members = Members()
    if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
      at += 1
      return egg_value(pairs: nil, count: 0)
    }
    while true {
      skipBlanks()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
        throw failure("a name in quotes")
      }
      let key = egg_str(try string(into: &arena))
      skipBlanks()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw failure("\":\"") }
      at += 1
      skipBlanks()
      let member = try value(into: &arena, depth: depth + 1)
      members.set(key, member)
      skipBlanks()
      guard at < bytes.count else { throw failure("\",\" or \"}\"") }
      if bytes[at] == UInt8(ascii: ",") {
        at += 1
        continue
      }
      guard bytes[at] == UInt8(ascii: "}") else { throw failure("\",\" or \"}\"") }
      at += 1
      break
    }
    let pairs = members.pairs
    guard let place = arena.array(of: egg_pair.self, count: pairs.count) else {
      throw failure("a body that fits into a request's memory")
    }
    place.initialize(from: pairs, count: pairs.count)
    return egg_value(pairs: place, count: pairs.count)
  }

  /// Keys are unique; of a repeated one the last value counts, as in JavaScript. Large objects are
  /// checked through a dictionary, so that a hostile one costs no square time.
  private struct Members {
    var pairs: [egg_pair] = []
    private var index: [String: Int]?

    mutating func set(_ key: egg_str, _ value: egg_value) {
      if let known = find(key) {
        pairs[known].value = value
        return
      }
      pairs.append(egg_pair(key: key, value: value))
      if index != nil {
        index![key.string] = pairs.count - 1
      } else if pairs.count == 16 {
        var fresh: [String: Int] = [:]
        for (number, pair) in pairs.enumerated() { fresh[pair.key.string] = number }
        index = fresh
      }
    }

    private func find(_ key: egg_str) -> Int? {
      if let index { return index[key.string] }
      return pairs.firstIndex {
        $0.key.len == key.len && (key.len == 0 || memcmp($0.key.ptr!, key.ptr!, key.len) == 0)
      }
    }
  }

  private mutating func array(into arena: inout Arena, depth: Int) throws(Failure) -> egg_value {
    guard depth < ArenaJSON.depthLimit else { throw failure("at most 128 levels") }
    at += 1
    skipBlanks()
    var items: [egg_value] = []
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
      at += 1
      return egg_value(items: nil, count: 0)
    }
    while true {
      skipBlanks()
      items.append(try value(into: &arena, depth: depth + 1))
      skipBlanks()
      guard at < bytes.count else { throw failure("\",\" or \"]\"") }
      if bytes[at] == UInt8(ascii: ",") {
        at += 1
        continue
      }
      guard bytes[at] == UInt8(ascii: "]") else { throw failure("\",\" or \"]\"") }
      at += 1
      break
    }
    guard let place = arena.array(of: egg_value.self, count: items.count) else {
      throw failure("a body that fits into a request's memory")
    }
    place.initialize(from: items, count: items.count)
    return egg_value(items: place, count: items.count)
  }

  private mutating func string(into arena: inout Arena) throws(Failure) -> UnsafeBufferPointer<
    UInt8
  > {
    at += 1
    let start = at
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        let text = UnsafeBufferPointer(rebasing: bytes[start..<at])
        at += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escaped(from: start, into: &arena) }
      guard byte >= 0x20 else { throw failure("an escaped control character") }
      at &+= 1
    }
    throw failure("the closing quote")
  }

  private mutating func escaped(from start: Int, into arena: inout Arena) throws(Failure)
    -> UnsafeBufferPointer<UInt8>
  {
    var text = Array(bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") {
        let copy = text.withUnsafeBufferPointer { arena.copy($0) }
        guard let copy else { throw failure("a body that fits into a request's memory") }
        return copy
      }
      guard byte == UInt8(ascii: "\\") else {
        guard byte >= 0x20 else {
          at -= 1
          throw failure("an escaped control character")
        }
        text.append(byte)
        continue
      }
      guard at < bytes.count else { break }
      let escape = bytes[at]
      at += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "u"): text.append(contentsOf: try unicode())
      default:
        at -= 1
        throw failure("an escape of JSON")
      }
    }
    throw failure("the closing quote")
  }

  private mutating func unicode() throws(Failure) -> [UInt8] {
    let first = try hexadecimal()
    var scalar = UInt32(first)
    if (0xD800...0xDBFF).contains(first), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    {
      let mark = at
      at += 2
      let second = try hexadecimal()
      if (0xDC00...0xDFFF).contains(second) {
        scalar = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
      } else {
        at = mark
      }
    }
    // A lone surrogate has no UTF-8 form.
    let valid = Unicode.Scalar(scalar) ?? "\u{FFFD}"
    return Array(String(Character(valid)).utf8)
  }

  private mutating func hexadecimal() throws(Failure) -> UInt16 {
    guard at + 4 <= bytes.count else { throw failure("four hexadecimal digits") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = bytes[at]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x37
      case 0x61...0x66: digit = byte - 0x57
      default: throw failure("a hexadecimal digit")
      }
      value = value << 4 | UInt16(digit)
      at += 1
    }
    return value
  }

  private mutating func number() throws(Failure) -> egg_value {
    let start = at
    var isInteger = true
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
    guard at < bytes.count, isDigit(bytes[at]) else {
      at = start
      throw failure("a value")
    }
    if bytes[at] == UInt8(ascii: "0") {
      at += 1
    } else {
      while at < bytes.count, isDigit(bytes[at]) { at += 1 }
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      isInteger = false
      at += 1
      guard at < bytes.count, isDigit(bytes[at]) else { throw failure("a digit") }
      while at < bytes.count, isDigit(bytes[at]) { at += 1 }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
        at += 1
      }
      guard at < bytes.count, isDigit(bytes[at]) else { throw failure("a digit") }
      while at < bytes.count, isDigit(bytes[at]) { at += 1 }
    }
    if isInteger, at - start <= 19 {
      var value: Int64 = 0
      var index = start
      let isNegative = bytes[index] == UInt8(ascii: "-")
      if isNegative { index += 1 }
      var overflow = false
      while index < at {
        let (product, first) = value.multipliedReportingOverflow(by: 10)
        let (sum, second) = product.subtractingReportingOverflow(Int64(bytes[index] - 0x30))
        overflow = overflow || first || second
        value = sum
        index += 1
      }
      if !overflow, isNegative || value != .min { return egg_value(isNegative ? value : -value) }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    return egg_value(Double(text) ?? .nan)
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
