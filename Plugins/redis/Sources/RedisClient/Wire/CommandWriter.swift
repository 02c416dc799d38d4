import Egg
import Glibc

/// Commands in the form in which they go to the server: lists of bulk strings, one behind the other.
nonisolated public struct CommandWriter {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public var isEmpty: Bool { bytes.isEmpty }
  public var count: Int { bytes.count }

  public mutating func removeAll() { bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 20) }

  /// Exchanges what is collected with other bytes, so that neither is copied.
  mutating func swap(with other: inout [UInt8]) { Swift.swap(&bytes, &other) }

  public mutating func append(_ other: CommandWriter) { bytes += other.bytes }

  /// One command: its name and its arguments. Lists are written out, objects as key and value.
  public mutating func write(_ name: String, _ arguments: [Value]) {
    let count = arguments.reduce(1) { $0 + Self.width($1) }
    header(UInt8(ascii: "*"), count)
    string(name)
    for argument in arguments { write(argument) }
  }

  /// How many strings a value is.
  static func width(_ value: Value) -> Int {
    switch value {
    case .list(let list): list.reduce(0) { $0 + width($1) }
    case .map(let map): map.reduce(0) { $0 + 1 + width($1.value) }
    default: 1
    }
  }

  private mutating func write(_ value: Value) {
    switch value {
    case .text(let text), .markup(let text): string(text)
    case .data(let data):
      header(UInt8(ascii: "$"), data.count)
      bytes += data
      newLine()
    case .integer(let number):
      header(UInt8(ascii: "$"), Self.digits(number))
      decimal(number)
      newLine()
    case .number(let number): string(Self.text(number))
    case .list(let list): for item in list { write(item) }
    case .map(let map):
      for (key, item) in map {
        string(key)
        write(item)
      }
    case .undefined, .null, .reference: string("")
    case .boolean(let isTrue): string(isTrue ? "true" : "false")
    case .moment(let milliseconds): write(.integer(milliseconds))
    }
  }

  /// As JavaScript writes it: whole numbers without a fraction.
  private static func text(_ number: Double) -> String {
    if let whole = Int(exactly: number) { return String(whole) }
    if number == .infinity { return "+inf" }
    if number == -.infinity { return "-inf" }
    return String(number)
  }

  private mutating func string(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      header(UInt8(ascii: "$"), utf8.count)
      bytes += utf8
    }
    newLine()
  }

  private mutating func header(_ type: UInt8, _ count: Int) {
    bytes.append(type)
    decimal(count)
    newLine()
  }

  private mutating func newLine() {
    bytes.append(13)
    bytes.append(10)
  }

  private static func digits(_ number: Int) -> Int {
    var rest = number.magnitude
    var count = number < 0 ? 2 : 1
    while rest >= 10 {
      rest /= 10
      count += 1
    }
    return count
  }

  private mutating func decimal(_ number: Int) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    guard rest >= 10 else {
      bytes.append(48 + UInt8(rest))
      return
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var place = 20
      while rest > 0 {
        place -= 1
        digits[place] = 48 + UInt8(rest % 10)
        rest /= 10
      }
      bytes += digits[place...]
    }
  }
}
