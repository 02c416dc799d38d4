import Egg

/// A value as MessagePack, in the form in which JavaScript's notepack writes it: every number,
/// length and text as short as it can be, members in their order.
///
/// `undefined` and times are extension type 0, as notepack 2 has them.
nonisolated public struct MessagePackWriter {
  private var bytes: [UInt8] = []

  public static func write(_ value: Value) -> [UInt8] {
    var writer = MessagePackWriter()
    writer.value(value)
    return writer.bytes
  }

  private mutating func value(_ value: Value) {
    switch value {
    case .undefined: bytes += [0xD4, 0, 0]
    case .null, .reference: bytes.append(0xC0)
    case .boolean(let isTrue): bytes.append(isTrue ? 0xC3 : 0xC2)
    case .integer(let number): integer(number)
    case .number(let number):
      // JavaScript has one kind of number; whole ones are integers.
      if let whole = Int(exactly: number), number.sign == .plus || whole != 0 {
        integer(whole)
      } else {
        bytes.append(0xCB)
        big(number.bitPattern, 8)
      }
    case .text(let text), .markup(let text): self.text(text)
    case .data(let data):
      head(data.count, short: nil, [0xC4, 0xC5, 0xC6])
      bytes += data
    case .list(let list):
      head(list.count, short: (0x90, 16), [nil, 0xDC, 0xDD])
      for item in list { self.value(item) }
    case .map(let map):
      head(map.count, short: (0x80, 16), [nil, 0xDE, 0xDF])
      for (key, item) in map {
        text(key)
        self.value(item)
      }
    case .moment(let milliseconds):
      bytes += [0xD7, 0]
      big(UInt64(bitPattern: Int64(milliseconds)), 8)
    }
  }

  private mutating func integer(_ number: Int) {
    switch number {
    case 0..<128: bytes.append(UInt8(number))
    case 128..<256:
      bytes.append(0xCC)
      big(UInt64(number), 1)
    case 256..<65536:
      bytes.append(0xCD)
      big(UInt64(number), 2)
    case 65536..<(1 << 32):
      bytes.append(0xCE)
      big(UInt64(number), 4)
    case (1 << 32)...:
      bytes.append(0xCF)
      big(UInt64(number), 8)
    case -32..<0: bytes.append(UInt8(bitPattern: Int8(number)))
    case -128 ..< -32: negative(0xD0, number, 1)
    case -32768 ..< -128: negative(0xD1, number, 2)
    case -2_147_483_648 ..< -32768: negative(0xD2, number, 4)
    default: negative(0xD3, number, 8)
    }
  }

  private mutating func negative(_ type: UInt8, _ number: Int, _ count: Int) {
    bytes.append(type)
    big(UInt64(bitPattern: Int64(number)), count)
  }

  /// The last `count` bytes, the highest first.
  private mutating func big(_ number: UInt64, _ count: Int) {
    for place in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: number >> (UInt64(place) * 8)))
    }
  }

  private mutating func text(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      head(utf8.count, short: (0xA0, 32), [0xD9, 0xDA, 0xDB])
      bytes += utf8
    }
  }

  /// - Parameters:
  ///   - short: the type that holds lengths below a limit itself.
  ///   - types: with lengths of 1, 2 and 4 bytes.
  private mutating func head(_ count: Int, short: (type: UInt8, limit: Int)?, _ types: [UInt8?]) {
    if let short, count < short.limit { return bytes.append(short.type | UInt8(count)) }
    for (place, size) in [1, 2, 4].enumerated() {
      guard let type = types[place], size == 4 || count < 1 << (8 * size) else { continue }
      bytes.append(type)
      return big(UInt64(count), size)
    }
  }
}
