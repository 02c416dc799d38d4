import Glibc

/// A request path as bytes, borrowed for the length of one match.
///
/// Reading is checked: a position outside the path stops the process instead of reading foreign
/// memory. The view must not outlive the buffer it was made of.
@safe package struct RoutePath {
  private let bytes: UnsafeBufferPointer<UInt8>

  package init(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe self.bytes = bytes }

  package var count: Int { unsafe bytes.count }

  package subscript(position: Int) -> UInt8 {
    precondition(UInt(bitPattern: position) < UInt(bitPattern: count), "outside of the path")
    return unsafe bytes[position]
  }

  /// The position of the next `/` at or after `start`, else `count`.
  func slash(from start: Int) -> Int {
    var position = start
    while position < count, self[position] != RouteByte.slash { position &+= 1 }
    return position
  }

  /// True when `pool[range]` stands at `position`.
  func holds(_ pool: [UInt8], _ range: Range<Int>, at position: Int) -> Bool {
    guard range.count <= count &- position else { return false }
    if range.isEmpty { return true }
    precondition(range.lowerBound >= 0 && range.upperBound <= pool.count && position >= 0)
    return unsafe pool.withUnsafeBufferPointer { text in
      unsafe memcmp(
        text.baseAddress! + range.lowerBound, bytes.baseAddress! + position, range.count)
        == 0
    }
  }

  /// The text of a range; bytes that are not UTF-8 become U+FFFD.
  package func text(_ range: Range<Int>) -> String {
    unsafe String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }
}

/// The bytes that patterns and paths are made of.
enum RouteByte {
  static let slash = UInt8(ascii: "/")
  static let dot = UInt8(ascii: ".")
  static let backslash = UInt8(ascii: "\\")
  static let colon = UInt8(ascii: ":")
  static let star = UInt8(ascii: "*")
  static let plus = UInt8(ascii: "+")
  static let question = UInt8(ascii: "?")
  static let open = UInt8(ascii: "(")
  static let close = UInt8(ascii: ")")

  /// A letter, a digit or `_`, as `\w` in a regular expression.
  static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "_")
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= 97 && lower <= 122
  }

  /// ASCII lower case; other bytes stay.
  static func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 0x20 : byte }

  static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - 48 }
    let low = byte | 0x20
    return low >= 97 && low <= 102 ? low - 87 : nil
  }
}
