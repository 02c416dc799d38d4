nonisolated extension String {
  /// The text of bytes that are UTF-8 nearly always; the ones that are not are replaced by U+FFFD.
  ///
  /// They are looked at once, eight at a time where they are ASCII. What the standard library does
  /// for text with a single letter beyond that takes as long as rendering the page it is in.
  init(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.count > 15, UTF8Scan.isValid(bytes) else {
      self = String(decoding: bytes, as: UTF8.self)
      return
    }
    self = unsafe String(copying: UTF8Span(unchecked: bytes.span))
  }
}

/// Whether bytes are UTF-8 (RFC 3629, section 4).
nonisolated enum UTF8Scan {
  static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    let count = bytes.count
    var place = 0
    while place < count {
      if place &+ 8 <= count {
        let word = UnsafeRawPointer(base + place).loadUnaligned(as: UInt64.self)
        let beyond = UInt64(littleEndian: word) & 0x8080_8080_8080_8080
        if beyond == 0 {
          place &+= 8
          continue
        }
        place &+= beyond.trailingZeroBitCount >> 3
      }
      let first = base[place]
      if first < 0x80 {
        place &+= 1
        continue
      }
      let length = length(base + place, count &- place)
      if length == 0 { return false }
      place &+= length
    }
    return true
  }

  /// The length of a character of two bytes or more; 0 when it is none.
  @inline(__always)
  private static func length(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    let first = bytes[0]
    guard count > 1 else { return 0 }
    let second = bytes[1]
    switch first {
    case 0xC2...0xDF: return second & 0xC0 == 0x80 ? 2 : 0
    case 0xE0...0xEF:
      // No longer form than needed, no halves of surrogate pairs.
      let lowest: UInt8 = first == 0xE0 ? 0xA0 : 0x80
      let highest: UInt8 = first == 0xED ? 0x9F : 0xBF
      guard count > 2, second >= lowest, second <= highest, bytes[2] & 0xC0 == 0x80 else {
        return 0
      }
      return 3
    case 0xF0...0xF4:
      let lowest: UInt8 = first == 0xF0 ? 0x90 : 0x80
      let highest: UInt8 = first == 0xF4 ? 0x8F : 0xBF
      guard count > 3, second >= lowest, second <= highest, bytes[2] & 0xC0 == 0x80,
        bytes[3] & 0xC0 == 0x80
      else { return 0 }
      return 4
    default: return 0
    }
  }
}
