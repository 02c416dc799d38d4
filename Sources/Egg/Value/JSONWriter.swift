/// Writes a `Value` as JSON text, the way JavaScript's `JSON.stringify` does: members that are
/// undefined are left out, in a list they are `null`; NaN and infinities are `null`.
nonisolated struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  /// Spaces per level; 0 writes everything on one line.
  var indent = 0
  private var level = 0

  init(indent: Int = 0) {
    self.indent = indent
    bytes.reserveCapacity(256)
  }

  mutating func write(_ value: Value) {
    switch value {
    case .undefined, .null, .reference: literal("null")
    case .boolean(let value): literal(value ? "true" : "false")
    case .integer(let value): integer(value)
    case .number(let value): number(value)
    case .text(let text), .markup(let text): string(text)
    case .data(let data):
      bytes.append(UInt8(ascii: "\""))
      bytes.append(contentsOf: Base64.encode(data))
      bytes.append(UInt8(ascii: "\""))
    case .moment(let milliseconds): string(Timestamp(milliseconds: milliseconds).iso8601)
    case .list(let list):
      open(UInt8(ascii: "["))
      for (place, item) in list.enumerated() {
        separate(first: place == 0)
        write(item)
      }
      close(UInt8(ascii: "]"), empty: list.isEmpty)
    case .map(let map):
      open(UInt8(ascii: "{"))
      var first = true
      for (key, member) in map where !member.isUndefined {
        separate(first: first)
        first = false
        string(key)
        bytes.append(UInt8(ascii: ":"))
        if indent > 0 { bytes.append(0x20) }
        write(member)
      }
      close(UInt8(ascii: "}"), empty: first)
    }
  }

  private mutating func literal(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func integer(_ value: Int) {
    if value >= 0, value < 10 {
      bytes.append(UInt8(ascii: "0") + UInt8(value))
      return
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var place = 20
      var rest = value.magnitude
      repeat {
        place -= 1
        digits[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      if value < 0 { bytes.append(UInt8(ascii: "-")) }
      bytes.append(contentsOf: digits[place...])
    }
  }

  private mutating func number(_ value: Double) {
    guard value.isFinite else { return literal("null") }
    if let whole = Int(exactly: value), abs(value) < 1e15 { return integer(whole) }
    bytes.append(contentsOf: value.description.utf8)
  }

  private mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      var clean = 0  // start of what needs no escape
      for place in 0..<utf8.count {
        let byte = utf8[place]
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
          continue
        }
        bytes.append(contentsOf: utf8[clean..<place])
        clean = place + 1
        escape(byte)
      }
      bytes.append(contentsOf: utf8[clean...])
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): literal("\\\"")
    case UInt8(ascii: "\\"): literal("\\\\")
    case 0x08: literal("\\b")
    case 0x0C: literal("\\f")
    case 0x0A: literal("\\n")
    case 0x0D: literal("\\r")
    case 0x09: literal("\\t")
    default:
      literal("\\u00")
      bytes.append(Self.hexDigit(byte >> 4))
      bytes.append(Self.hexDigit(byte & 15))
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private mutating func open(_ bracket: UInt8) {
    bytes.append(bracket)
    level += 1
  }

  private mutating func separate(first: Bool) {
    if !first { bytes.append(UInt8(ascii: ",")) }
    newLine()
  }

  private mutating func close(_ bracket: UInt8, empty: Bool) {
    level -= 1
    if !empty { newLine() }
    bytes.append(bracket)
  }

  private mutating func newLine() {
    guard indent > 0 else { return }
    bytes.append(0x0A)
    bytes.append(contentsOf: repeatElement(0x20, count: level * indent))
  }
}
