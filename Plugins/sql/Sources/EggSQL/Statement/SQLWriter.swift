/// Writes values so that they read back as they are.
struct SQLWriter {
  private let escaping: SQLEscaping
  private(set) var bytes: [UInt8]

  /// - Parameter bytes: what is there already.
  init(_ escaping: SQLEscaping, _ bytes: [UInt8]) {
    self.escaping = escaping
    self.bytes = bytes
  }

  mutating func write(_ sql: String) { bytes.append(contentsOf: sql.utf8) }
  mutating func write(_ sql: ArraySlice<UInt8>) { bytes.append(contentsOf: sql) }

  mutating func write(_ value: SQLValue) {
    switch value {
    case .null: write("NULL")
    case .boolean(let value): write(value ? "true" : "false")
    case .integer(let value): write(String(value))
    case .unsigned(let value): write(String(value))
    case .number(let value): write(number: value)
    case .text(let text): write(quoted: text)
    case .bytes(let data): writeHexadecimal(data)
    case .moment(let time):
      let civil = CivilTime(milliseconds: time, in: escaping.timeZone)
      guard let text = civil.text else { return write("NULL") }
      write("'")
      write(text)
      write("'")
    case .list, .fields, .literal:
      bytes.append(contentsOf: SQLStatement(value: value).bytes(escaping))
    }
  }

  /// NaN and the infinities are written as words, which every server refuses.
  private mutating func write(number: Double) {
    if number == number.rounded(), abs(number) < 1e15 {
      write(String(Int64(number)))
    } else {
      write(
        number.isNaN
          ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)")
    }
  }

  private mutating func writeHexadecimal(_ data: some Sequence<UInt8>) {
    write("X'")
    for byte in data {
      bytes.append(Self.digits[Int(byte >> 4)])
      bytes.append(Self.digits[Int(byte & 15)])
    }
    write("'")
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private mutating func write(quoted text: String) {
    if escaping.dialect == .sqlite {
      // A statement of SQLite ends at its first NUL.
      guard !text.utf8.contains(0) else {
        write("CAST(")
        writeHexadecimal(text.utf8)
        return write(" AS TEXT)")
      }
      return write(doubled: text)
    }
    guard escaping.isUTF8 || text.utf8.allSatisfy({ $0 < 0x80 }) else {
      // Says its character set itself, so the connection's does not matter.
      write("_utf8mb4 ")
      return writeHexadecimal(text.utf8)
    }
    if escaping.backslashes { write(escaped: text) } else { write(doubled: text) }
  }

  private mutating func write(doubled text: String) {
    bytes.append(Self.quote)
    for byte in text.utf8 {
      bytes.append(byte)
      if byte == Self.quote { bytes.append(byte) }
    }
    bytes.append(Self.quote)
  }

  /// - Source: MySQL Reference Manual, String Literals, Special Character Escape Sequences.
  private mutating func write(escaped text: String) {
    var text = text
    text.withUTF8 { write(escaped: $0) }
  }

  private mutating func write(escaped text: UnsafeBufferPointer<UInt8>) {
    bytes.append(Self.quote)
    for byte in text {
      let letter: UInt8
      switch byte {
      case 0: letter = UInt8(ascii: "0")
      case 8: letter = UInt8(ascii: "b")
      case 9: letter = UInt8(ascii: "t")
      case 10: letter = UInt8(ascii: "n")
      case 13: letter = UInt8(ascii: "r")
      case 0x1A: letter = UInt8(ascii: "Z")
      case 0x22, Self.quote, 0x5C: letter = byte
      default:
        bytes.append(byte)
        continue
      }
      bytes.append(0x5C)
      bytes.append(letter)
    }
    bytes.append(Self.quote)
  }

  private static let quote = UInt8(ascii: "'")
}

/// A value as text of a statement, for the few places where a statement is put together by hand.
///
/// - Parameter escaping: of the connection that will read it. The default is that of a server whose
///   `sql_mode` and character set nobody changed.
public func sqlEscape(_ value: (any SQLConvertible)?, _ escaping: SQLEscaping = SQLEscaping())
  -> String
{
  SQLStatement(value: value?.sqlValue ?? .null).text(escaping)
}
