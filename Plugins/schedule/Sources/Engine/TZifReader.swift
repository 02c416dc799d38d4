/// Reads the parts of a TZif file in their order.
///
/// - Source: RFC 9636 §3.
struct TZifReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  struct Header {
    let version: UInt8
    let isUTCount, isStandardCount, leapCount, timeCount, typeCount, nameCount: Int

    /// Bytes of the data behind it.
    func size(_ width: Int) -> Int {
      timeCount * (width + 1) + typeCount * 6 + nameCount + leapCount * (width + 4)
        + isStandardCount + isUTCount
    }
  }

  mutating func header() -> Header? {
    guard bytes.count - place >= 44, Array(bytes[place..<place + 4]) == Array("TZif".utf8) else {
      return nil
    }
    let version = bytes[place + 4]
    place += 20
    var counts: [Int] = []
    for _ in 0..<6 {
      counts.append(Int(integer(4)))
      // More than any zone has; keeps the sums small.
      guard (0...100_000).contains(counts[counts.count - 1]) else { return nil }
    }
    return Header(
      version: version, isUTCount: counts[0], isStandardCount: counts[1], leapCount: counts[2],
      timeCount: counts[3], typeCount: counts[4], nameCount: counts[5])
  }

  mutating func skip(_ count: Int) -> Bool {
    guard bytes.count - place >= count else { return false }
    place += count
    return true
  }

  mutating func data(_ header: Header, _ width: Int)
    -> (transitions: [(at: Int, offset: Int)], first: Int)?
  {
    guard bytes.count - place >= header.size(width), header.typeCount > 0 else { return nil }
    var times: [Int] = []
    for _ in 0..<header.timeCount { times.append(Int(integer(width))) }
    var kinds: [Int] = []
    for _ in 0..<header.timeCount { kinds.append(Int(UInt8(truncatingIfNeeded: integer(1)))) }
    var offsets: [Int] = []
    for _ in 0..<header.typeCount {
      offsets.append(Int(integer(4)))
      place += 2
    }
    place +=
      header.nameCount + header.leapCount * (width + 4) + header.isStandardCount
      + header.isUTCount
    guard kinds.allSatisfy({ offsets.indices.contains($0) }),
      zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }),
      offsets.allSatisfy({ abs($0) < 26 * 3600 })
    else { return nil }
    return (zip(times, kinds).map { ($0, offsets[$1]) }, offsets[0])
  }

  /// The `TZ` string between two newlines.
  mutating func footer() -> String? {
    guard place < bytes.count, bytes[place] == 0x0A,
      let end = bytes[(place + 1)...].firstIndex(of: 0x0A)
    else { return nil }
    return String(decoding: bytes[(place + 1)..<end], as: UTF8.self)
  }

  /// Signed, big endian.
  private mutating func integer(_ width: Int) -> Int64 {
    var value = Int64(Int8(bitPattern: bytes[place]))
    for index in 1..<max(width, 1) { value = value << 8 | Int64(bytes[place + index]) }
    place += width
    return value
  }
}
