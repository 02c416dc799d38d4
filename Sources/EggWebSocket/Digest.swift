/// SHA-1, which the handshake is written with; it protects nothing there.
///
/// - Source: FIPS 180-4 §6.1.
func sha1(_ bytes: [UInt8]) -> [UInt8] {
  var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
  var padded = bytes + [0x80]
  while padded.count % 64 != 56 { padded.append(0) }
  let bits = UInt64(bytes.count) &* 8
  for shift in stride(from: UInt64(56), through: 0, by: -8) {
    padded.append(UInt8(truncatingIfNeeded: bits >> shift))
  }
  var words = [UInt32](repeating: 0, count: 80)
  for block in stride(from: 0, to: padded.count, by: 64) {
    for place in 0..<16 {
      words[place] = padded[block + place * 4..<block + place * 4 + 4].reduce(0) {
        $0 << 8 | UInt32($1)
      }
    }
    for place in 16..<80 {
      words[place] = rotated(
        words[place - 3] ^ words[place - 8] ^ words[place - 14] ^ words[place - 16], 1)
    }
    mix(words, into: &state)
  }
  return state.flatMap { word in
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
  }
}

private func mix(_ words: [UInt32], into state: inout [UInt32]) {
  var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
  for place in 0..<80 {
    let (choice, constant): (UInt32, UInt32) =
      switch place {
      case 0..<20: (b & c | ~b & d, 0x5A82_7999)
      case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
      case 40..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
      default: (b ^ c ^ d, 0xCA62_C1D6)
      }
    let next = rotated(a, 5) &+ choice &+ e &+ constant &+ words[place]
    (a, b, c, d, e) = (next, a, rotated(b, 30), c, d)
  }
  for (place, value) in [a, b, c, d, e].enumerated() { state[place] &+= value }
}

private func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
  word << count | word >> (32 - count)
}

let base64Alphabet = Array(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// - Source: RFC 4648 §4.
func base64(_ bytes: [UInt8]) -> String {
  var out: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let piece = bytes[start..<min(start + 3, bytes.count)]
    var group: UInt32 = 0
    for place in 0..<3 {
      group = group << 8 | (place < piece.count ? UInt32(piece[start + place]) : 0)
    }
    for place in 0..<4 {
      let isData = place <= piece.count
      out.append(
        isData ? base64Alphabet[Int(group >> UInt32(18 - place * 6) & 63)] : UInt8(ascii: "="))
    }
  }
  return String(decoding: out, as: UTF8.self)
}
