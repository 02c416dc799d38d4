/// Writes a `Value` as JSON text, the way JavaScript's `JSON.stringify` does: members that are
/// undefined are left out, in a list they are `null`; NaN and infinities are `null`.
///
/// It writes into memory of its own, which grows as a whole, and lends it at the end.
nonisolated struct JSONWriter: ~Copyable {
  /// Spaces per level; 0 writes everything on one line.
  private let indent: Int
  private var level = 0
  private var start: UnsafeMutablePointer<UInt8>
  private var count = 0
  private var capacity = 256

  init(indent: Int = 0) {
    self.indent = indent
    start = .allocate(capacity: capacity)
  }

  deinit { start.deallocate() }

  /// What was written; valid while the writer lives and writes no more.
  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

  mutating func write(_ value: Value) {
    switch value {
    case .undefined, .null, .reference: literal("null")
    case .boolean(let value): literal(value ? "true" : "false")
    case .integer(let value): integer(value)
    case .number(let value): number(value)
    case .text(let text), .markup(let text): string(text)
    case .data(let data):
      append(UInt8(ascii: "\""))
      Base64.encode(data).withUnsafeBufferPointer { append($0) }
      append(UInt8(ascii: "\""))
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
        append(UInt8(ascii: ":"))
        if indent > 0 { append(0x20) }
        write(member)
      }
      close(UInt8(ascii: "}"), empty: first)
    }
  }

  mutating func writeList(_ first: Value, _ rest: [Value]) {
    open(UInt8(ascii: "["))
    newLine()
    write(first)
    for item in rest {
      separate(first: false)
      write(item)
    }
    close(UInt8(ascii: "]"), empty: false)
  }

  private mutating func literal(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func integer(_ value: Int) {
    if value >= 0, value < 10 { return append(UInt8(ascii: "0") + UInt8(value)) }
    var digits = 1
    var rest = value.magnitude
    while rest >= 10 {
      rest /= 10
      digits &+= 1
    }
    if value < 0 { append(UInt8(ascii: "-")) }
    let end = reserve(digits) + digits
    rest = value.magnitude
    for place in 1...digits {
      (end - place).pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    count &+= digits
  }

  private mutating func number(_ value: Double) {
    guard value.isFinite else { return literal("null") }
    if let whole = Int(exactly: value), abs(value) < 1e15 { return integer(whole) }
    var text = value.description
    text.withUTF8 { append($0) }
  }

  private mutating func string(_ text: String) {
    append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      guard let base = utf8.baseAddress else { return }
      var clean = 0  // start of what needs no escape
      while true {
        let place = PlainText.scan(base, from: clean, to: utf8.count).end
        append(UnsafeBufferPointer(rebasing: utf8[clean..<place]))
        if place == utf8.count { return }
        escape(utf8[place])
        clean = place + 1
      }
    }
    append(UInt8(ascii: "\""))
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
      append(Self.hexDigit(byte >> 4))
      append(Self.hexDigit(byte & 15))
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private mutating func open(_ bracket: UInt8) {
    append(bracket)
    level += 1
  }

  private mutating func separate(first: Bool) {
    if !first { append(UInt8(ascii: ",")) }
    newLine()
  }

  private mutating func close(_ bracket: UInt8, empty: Bool) {
    level -= 1
    if !empty { newLine() }
    append(bracket)
  }

  private mutating func newLine() {
    guard indent > 0 else { return }
    append(0x0A)
    for _ in 0..<level * indent { append(0x20) }
  }

  // MARK: the memory

  @inline(__always)
  private mutating func append(_ byte: UInt8) {
    reserve(1).pointee = byte
    count &+= 1
  }

  @inline(__always)
  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count).update(from: source, count: bytes.count)
    count &+= bytes.count
  }

  /// Where the next `room` bytes go.
  @inline(__always)
  private mutating func reserve(_ room: Int) -> UnsafeMutablePointer<UInt8> {
    if capacity &- count < room { grow(by: room) }
    return start + count
  }

  @inline(never)
  private mutating func grow(by room: Int) {
    capacity = max(capacity * 2, count + room)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: start, count: count)
    start.deallocate()
    start = larger
  }
}
