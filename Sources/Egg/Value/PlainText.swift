/// What of a JSON string stands for itself, eight bytes at a time.
nonisolated enum PlainText {
  /// - Returns: the first place from `start` on with a quotation mark, a backslash or a control
  ///   character, or `end`; and whether everything in front of it is ASCII.
  @inline(__always)
  static func scan(
    _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
  ) -> (end: Int, isASCII: Bool) {
    var place = start
    var high: UInt64 = 0
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    while place &+ 8 <= end {
      let word = UnsafeRawPointer(bytes + place).loadUnaligned(as: UInt64.self)
      let quote = word ^ 0x2222_2222_2222_2222
      let slash = word ^ 0x5C5C_5C5C_5C5C_5C5C
      // A byte's top bit is set where it was zero, or here below 0x20; perhaps also behind one.
      let found =
        (quote &- ones) & ~quote | (slash &- ones) & ~slash
        | (word &- 0x2020_2020_2020_2020) & ~word
      if found & tops != 0 { break }
      high |= word
      place &+= 8
    }
    while place < end {
      let byte = bytes[place]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      high |= UInt64(byte)
      place &+= 1
    }
    return (place, high & tops == 0)
  }
}
