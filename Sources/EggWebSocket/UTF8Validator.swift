/// Checks UTF-8 that comes in pieces, which may end inside a character.
///
/// - Source: RFC 3629 §4: no overlong forms, no surrogates, nothing above U+10FFFF.
public struct UTF8Validator: Sendable {
  /// Bytes that the character begun needs still.
  private var missing: UInt8 = 0
  /// What the next one of them must lie between.
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xBF

  public init() {}

  /// No character is half done.
  public var isComplete: Bool { missing == 0 }

  /// - Returns: false as soon as the bytes cannot become valid text any more; of no use afterwards.
  public mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var place = 0
    let count = bytes.count
    while place < count {
      if missing == 0 {
        while place &+ 8 <= count,
          bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          place &+= 8
        }
        if place == count { return true }
      }
      guard take(bytes[place]) else { return false }
      place &+= 1
    }
    return true
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard byte >= low, byte <= high else { return false }
      missing &-= 1
      (low, high) = (0x80, 0xBF)
      return true
    }
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0: (missing, low) = (2, 0xA0)
    case 0xED: (missing, high) = (2, 0x9F)
    case 0xE1...0xEF: missing = 2
    case 0xF0: (missing, low) = (3, 0x90)
    case 0xF1...0xF3: missing = 3
    case 0xF4: (missing, high) = (3, 0x8F)
    default: return false
    }
    return true
  }
}
