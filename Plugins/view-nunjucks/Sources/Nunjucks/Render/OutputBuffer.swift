import Glibc

/// Bytes being written: one growing block, never shrunk while a page is made.
struct OutputBuffer {
  private(set) var base: UnsafeMutablePointer<UInt8> = .allocate(capacity: 1024)
  var count = 0
  private var capacity = 1024
  /// Bytes allowed; past it nothing more is kept and `isOver` tells.
  var limit = Int.max / 4
  private(set) var isOver = false
  private let escapes = escapeTable

  mutating func deallocate() { base.deallocate() }

  mutating func reset(limit: Int) {
    count = 0
    self.limit = limit
    isOver = false
    if capacity > 1 << 20 {
      base.deallocate()
      capacity = 1024
      base = .allocate(capacity: capacity)
    }
  }

  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  func view(from start: Int) -> TextView { TextView(base + start, count: count - start) }

  @inline(never)
  private mutating func grow(_ extra: Int) {
    if count &+ extra > limit {
      isOver = true
      count = 0
      if extra <= capacity { return }
    }
    var larger = capacity
    while larger < count &+ extra { larger = larger &* 2 }
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    moved.update(from: base, count: count)
    base.deallocate()
    base = moved
    capacity = larger
  }

  /// Makes room; what is written next must not exceed `extra` bytes.
  @inline(__always)
  mutating func reserve(_ extra: Int) {
    if count &+ extra > capacity { grow(extra) }
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
    if length > limit { return overflow() }
    reserve(length)
    memcpy(base + count, start, length)
    count &+= length
  }

  private mutating func overflow() {
    isOver = true
    count = 0
  }

  @inline(__always)
  mutating func append(_ view: TextView) { append(view.base, view.count) }

  mutating func append(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

  /// Appends with the HTML characters replaced.
  @inline(__always)
  mutating func appendEscaped(_ view: TextView, backslash: Bool) {
    let length = view.count
    if length > limit { return overflow() }
    reserve(length)
    let source = view.base
    let target = base + count
    var index = 0
    while index &+ 8 <= length {
      let word = UnsafeRawPointer(source + index).loadUnaligned(as: UInt64.self)
      if word.holdsEscapes { break }
      UnsafeMutableRawPointer(target + index).storeBytes(of: word, as: UInt64.self)
      index &+= 8
    }
    while index < length {
      let byte = source[index]
      if escapes[Int(byte)] != 0 {
        count &+= index
        return appendEscapedRest(source + index, length &- index, backslash: backslash)
      }
      target[index] = byte
      index &+= 1
    }
    count &+= length
  }

  @inline(never)
  private mutating func appendEscapedRest(
    _ source: UnsafePointer<UInt8>, _ length: Int, backslash: Bool
  ) {
    if length > limit / 6 { if length > limit { return overflow() } }
    reserve(length &* 6)
    var target = base + count
    var index = 0
    while index < length {
      let byte = source[index]
      index &+= 1
      switch byte {
      case UInt8(ascii: "&"): target = put("&amp;", target)
      case UInt8(ascii: "\""): target = put("&quot;", target)
      case UInt8(ascii: "'"): target = put("&#39;", target)
      case UInt8(ascii: "<"): target = put("&lt;", target)
      case UInt8(ascii: ">"): target = put("&gt;", target)
      case UInt8(ascii: "\\") where backslash: target = put("&#92;", target)
      default:
        target.pointee = byte
        target += 1
      }
    }
    count = target - base
  }

  @inline(__always)
  private func put(
    _ text: StaticString, _ target: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    memcpy(target, text.utf8Start, text.utf8CodeUnitCount)
    return target + text.utf8CodeUnitCount
  }

  /// Joins surrogate halves that met, and replaces the ones that stayed alone by U+FFFD.
  mutating func repairSurrogates() {
    var read = 0
    var write = 0
    while read < count {
      let byte = base[read]
      guard byte == 0xED, read + 2 < count, base[read + 1] >= 0xA0 else {
        base[write] = byte
        read += 1
        write += 1
        continue
      }
      if base[read + 1] < 0xB0, read + 5 < count, base[read + 3] == 0xED, base[read + 4] >= 0xB0 {
        let high = UInt32(base[read + 1] & 0x0F) << 6 | UInt32(base[read + 2] & 0x3F)
        let low = UInt32(base[read + 4] & 0x0F) << 6 | UInt32(base[read + 5] & 0x3F)
        let point = 0x10000 + (high << 10) + low
        base[write] = UInt8(truncatingIfNeeded: 0xF0 | point >> 18)
        base[write + 1] = UInt8(truncatingIfNeeded: 0x80 | (point >> 12) & 0x3F)
        base[write + 2] = UInt8(truncatingIfNeeded: 0x80 | (point >> 6) & 0x3F)
        base[write + 3] = UInt8(truncatingIfNeeded: 0x80 | point & 0x3F)
        write += 4
        read += 6
      } else {
        base[write] = 0xEF
        base[write + 1] = 0xBF
        base[write + 2] = 0xBD
        write += 3
        read += 3
      }
    }
    count = write
  }

  /// Whether the bytes hold a surrogate half.
  var mayHoldSurrogates: Bool {
    var from = 0
    while from < count, let hit = memchr(base + from, 0xED, count - from) {
      let at = hit - UnsafeMutableRawPointer(base)
      if at + 1 < count, base[at + 1] >= 0xA0 { return true }
      from = at + 1
    }
    return false
  }
}

extension UInt64 {
  /// Whether one of the eight bytes is among those HTML escaping replaces.
  @inline(__always)
  fileprivate var holdsEscapes: Bool {
    // A byte that is zero borrows from its highest bit when one is subtracted.
    @inline(__always)
    func zero(_ word: UInt64) -> UInt64 { (word &- 0x0101_0101_0101_0101) & ~word }
    let found =
      zero((self | 0x0101_0101_0101_0101) ^ 0x2727_2727_2727_2727)  // & and '
      | zero((self | 0x0202_0202_0202_0202) ^ 0x3E3E_3E3E_3E3E_3E3E)  // < and >
      | zero(self ^ 0x2222_2222_2222_2222) | zero(self ^ 0x5C5C_5C5C_5C5C_5C5C)
    return found & 0x8080_8080_8080_8080 != 0
  }
}

/// 1 for the bytes HTML escaping replaces.
nonisolated(unsafe) let escapeTable: UnsafeMutablePointer<UInt8> = {
  let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
  table.initialize(repeating: 0, count: 256)
  for byte in "&\"'<>\\".utf8 { table[Int(byte)] = 1 }
  return table
}()

/// Memory for the short-lived texts of one render; given back all at once.
struct Arena {
  private var chunks: [(base: UnsafeMutablePointer<UInt8>, size: Int)] = []
  private var cursor: UnsafeMutablePointer<UInt8>
  private var left: Int
  private(set) var total = 0

  static let chunkSize = 16 << 10
  /// Past this much, texts get owners of their own so that they can be freed early.
  static let most = 16 << 20

  init() {
    cursor = .allocate(capacity: Arena.chunkSize)
    left = Arena.chunkSize
    chunks.append((cursor, Arena.chunkSize))
  }

  @inline(__always)
  mutating func allocate(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if count > left { return allocateSlowly(count) }
    let result = cursor
    cursor += count
    left &-= count
    return result
  }

  @inline(never)
  private mutating func allocateSlowly(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let size = max(Arena.chunkSize, count)
    let chunk = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    chunks.append((chunk, size))
    total += size
    if size - count >= left {
      cursor = chunk + count
      left = size - count
    }
    return chunk
  }

  mutating func reset() {
    if chunks.count > 1 {
      for chunk in chunks.dropFirst() { chunk.base.deallocate() }
      chunks.removeSubrange(1...)
    }
    cursor = chunks[0].base
    left = chunks[0].size
    total = 0
  }

  mutating func deallocate() {
    for chunk in chunks { chunk.base.deallocate() }
    chunks = []
  }
}
