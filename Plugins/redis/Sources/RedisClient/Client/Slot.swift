/// Where keys live in a cluster.
///
/// - Source: redis.io, "Redis cluster specification", key distribution model and hash tags.
nonisolated enum Slot {
  static let count = 16384

  /// CRC-16 (XMODEM) of the key, or of what stands in its first `{…}`.
  static func of(_ key: [UInt8]) -> Int {
    var part = key[...]
    if let open = key.firstIndex(of: UInt8(ascii: "{")) {
      let inner = key[(open + 1)...]
      if let close = inner.firstIndex(of: UInt8(ascii: "}")), close > open + 1 {
        part = key[(open + 1)..<close]
      }
    }
    var crc: UInt16 = 0
    for byte in part { crc = crc << 8 ^ table[Int(UInt8(crc >> 8) ^ byte)] }
    return Int(crc) % count
  }

  private static let table: [UInt16] = (0..<256).map { number in
    var crc = UInt16(number) << 8
    for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    return crc
  }
}
