import Glibc

extension TemplateValue {
  /// Reads JSON into owned values, keeping the order of keys.
  ///
  /// - Parameter json: UTF-8 text.
  /// - Throws: a ``TemplateError`` with the byte position of the first mistake.
  public init(json: [UInt8]) throws(TemplateError) {
    var reader = JSONReader(json)
    self = try reader.document()
  }
}

private struct JSONReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(TemplateError) -> TemplateValue {
    let result = try value(0)
    skipSpace()
    if at < bytes.count { throw failure() }
    return result
  }

  private func failure() -> TemplateError { TemplateError("invalid JSON at byte \(at)") }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func word(_ word: StaticString) throws(TemplateError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard at < bytes.count, bytes[at] == word.utf8Start[index] else { throw failure() }
      at += 1
    }
  }

  private mutating func value(_ depth: Int) throws(TemplateError) -> TemplateValue {
    skipSpace()
    guard at < bytes.count, depth < 200 else { throw failure() }
    switch bytes[at] {
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    case UInt8(ascii: "t"):
      try word("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try word("false")
      return .bool(false)
    case UInt8(ascii: "\""): return .text(Text(utf8: try string()))
    case UInt8(ascii: "["):
      at += 1
      var items: [TemplateValue] = []
      if skip(UInt8(ascii: "]")) { return .list(TemplateList([])) }
      repeat { items.append(try value(depth + 1)) } while skip(UInt8(ascii: ","))
      guard skip(UInt8(ascii: "]")) else { throw failure() }
      return .list(TemplateList(items))
    case UInt8(ascii: "{"):
      at += 1
      let map = TemplateMap()
      if skip(UInt8(ascii: "}")) { return .map(map) }
      repeat {
        skipSpace()
        let key = Text(utf8: try string())
        guard skip(UInt8(ascii: ":")) else { throw failure() }
        map.set(key, try value(depth + 1))
      } while skip(UInt8(ascii: ","))
      guard skip(UInt8(ascii: "}")) else { throw failure() }
      return .map(map)
    default: break
    }
    let rest = bytes[at...]
    let found = rest.withUnsafeBufferPointer { scanDecimal($0) }
    guard let (number, length) = found else { throw failure() }
    at += length
    return .number(number)
  }

  private mutating func string() throws(TemplateError) -> [UInt8] {
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw failure() }
    at += 1
    var result: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { return result }
      guard byte == UInt8(ascii: "\\"), at < bytes.count else {
        result.append(byte)
        continue
      }
      let escape = bytes[at]
      at += 1
      switch escape {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "u"):
        var point = try hex()
        if point >= 0xD800, point < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
          bytes[at + 1] == UInt8(ascii: "u")
        {
          let before = at
          at += 2
          let low = try hex()
          if low >= 0xDC00, low < 0xE000 {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
          } else {
            at = before
          }
        }
        append(point, &result)
      default: result.append(escape)
      }
    }
    throw failure()
  }

  private mutating func hex() throws(TemplateError) -> UInt32 {
    guard at + 4 <= bytes.count else { throw failure() }
    var point: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = digitValue(bytes[at]), digit < 16 else { throw failure() }
      point = point << 4 | UInt32(digit)
      at += 1
    }
    return point
  }

  /// Halves of a pair keep their three-byte form.
  private func append(_ point: UInt32, _ result: inout [UInt8]) {
    func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
    switch point {
    case ..<0x80: result.append(byte(point))
    case ..<0x800: result += [byte(0xC0 | point >> 6), byte(0x80 | point & 0x3F)]
    case ..<0x10000:
      result += [
        byte(0xE0 | point >> 12), byte(0x80 | point >> 6 & 0x3F), byte(0x80 | point & 0x3F),
      ]
    default:
      result += [
        byte(0xF0 | point >> 18), byte(0x80 | point >> 12 & 0x3F), byte(0x80 | point >> 6 & 0x3F),
        byte(0x80 | point & 0x3F),
      ]
    }
  }
}
