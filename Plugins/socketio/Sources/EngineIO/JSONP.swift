/// Polling through script tags: answers are JavaScript, packets come as form fields.
nonisolated enum JSONP {
  /// `___eio[0]("…");`
  static func write(_ payload: [UInt8], _ number: Int) -> [UInt8] {
    var out = Array("___eio[\(number)](\"".utf8)
    var place = 0
    while place < payload.count {
      let byte = payload[place]
      // U+2028 and U+2029 end a line of JavaScript.
      if byte == 0xE2, place + 2 < payload.count, payload[place + 1] == 0x80,
        payload[place + 2] & 0xFE == 0xA8
      {
        out += Array((payload[place + 2] == 0xA8 ? "\\u2028" : "\\u2029").utf8)
        place += 3
        continue
      }
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
      case 0x0A: out += Array("\\n".utf8)
      case 0x0D: out += Array("\\r".utf8)
      case ..<0x20:
        out += Array(("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8)
      default: out.append(byte)
      }
      place += 1
    }
    return out + Array("\");".utf8)
  }

  /// The field `d` of a form. The client writes a line's end as backslash and n, and a backslash
  /// before n as two.
  static func read(_ form: [UInt8]) -> [UInt8] {
    var field = ArraySlice<UInt8>()
    for pair in form.split(separator: UInt8(ascii: "&")) where pair.starts(with: [0x64, 0x3D]) {
      field = pair.dropFirst(2)
    }
    var decoded: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): decoded.append(0x20)
      case UInt8(ascii: "%"):
        if rest.count >= 2, let high = hex(rest[rest.startIndex]),
          let low = hex(rest[rest.startIndex + 1])
        {
          decoded.append(high << 4 | low)
          rest = rest.dropFirst(2)
        } else {
          decoded.append(byte)
        }
      default: decoded.append(byte)
      }
    }
    var out: [UInt8] = []
    var place = 0
    let (slash, letter) = (UInt8(ascii: "\\"), UInt8(ascii: "n"))
    while place < decoded.count {
      if decoded[place] == slash, place + 2 < decoded.count, decoded[place + 1] == slash,
        decoded[place + 2] == letter
      {
        out += [slash, letter]
        place += 3
      } else if decoded[place] == slash, place + 1 < decoded.count, decoded[place + 1] == letter {
        out.append(0x0A)
        place += 2
      } else {
        out.append(decoded[place])
        place += 1
      }
    }
    return out
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}
