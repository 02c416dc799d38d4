import Glibc

/// Text that somebody else owns: a pointer, a length, and what is known about the bytes.
///
/// The bytes are UTF-8, with one liberty: half of a surrogate pair, which templates can make by
/// indexing into an emoji, is kept as its three-byte form (WTF-8) until the page is finished.
/// A view is only as good as its owner: within one render that is the caller's tree, the template
/// or the renderer's arena.
public struct TextView {
  public let base: UnsafePointer<UInt8>
  let length: UInt32
  let flags: UInt8

  static let safe: UInt8 = 1
  static let ascii: UInt8 = 2
  static let wide: UInt8 = 4

  /// - Parameters:
  ///   - base: the first byte; anything if `count` is zero.
  ///   - count: bytes, below 4 GB.
  ///   - safe: true for markup that must not be escaped again.
  @inline(__always)
  public init(_ base: UnsafePointer<UInt8>, count: Int, safe: Bool = false) {
    self.base = base
    length = UInt32(truncatingIfNeeded: count)
    flags = safe ? TextView.safe : 0
  }

  @inline(__always)
  init(base: UnsafePointer<UInt8>, length: UInt32, flags: UInt8) {
    self.base = base
    self.length = length
    self.flags = flags
  }

  /// A literal of the program itself.
  @inline(__always)
  init(_ literal: StaticString) {
    base = literal.utf8Start
    length = UInt32(truncatingIfNeeded: literal.utf8CodeUnitCount)
    flags = TextView.ascii
  }

  @inline(__always) public var count: Int { Int(length) }
  @inline(__always) public var isSafe: Bool { flags & TextView.safe != 0 }
  @inline(__always) public var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base, count: Int(length))
  }

  /// A copy as a Swift string; lone surrogates become U+FFFD.
  public var string: String {
    // 0xED begins a surrogate half, which UTF-8 has no place for.
    !isASCII && bytes.contains(0xED)
      ? String(decoding: units, as: UTF16.self) : String(decoding: bytes, as: UTF8.self)
  }

  @inline(__always) var marked: TextView {
    TextView(base: base, length: length, flags: flags | TextView.safe)
  }
  @inline(__always) var plain: TextView {
    TextView(base: base, length: length, flags: flags & ~TextView.safe)
  }

  /// Whether every byte is below 0x80, so that bytes, code units and characters are one thing.
  @inline(__always)
  var isASCII: Bool {
    if flags & TextView.ascii != 0 { return true }
    if flags & TextView.wide != 0 { return false }
    return TextView.isASCII(base, Int(length))
  }

  static func isASCII(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var index = 0
    let raw = UnsafeRawPointer(base)
    while index &+ 8 <= count {
      if raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 {
        return false
      }
      index &+= 8
    }
    while index < count {
      if base[index] >= 0x80 { return false }
      index &+= 1
    }
    return true
  }

  /// The length JavaScript gives: UTF-16 code units.
  var utf16Count: Int {
    if isASCII { return count }
    var units = 0
    for byte in bytes where byte & 0xC0 != 0x80 { units &+= byte >= 0xF0 ? 2 : 1 }
    return units
  }

  @inline(__always)
  func equals(_ other: TextView) -> Bool {
    length == other.length && (base == other.base || memcmp(base, other.base, Int(length)) == 0)
  }

  @inline(__always)
  func equals(_ literal: StaticString) -> Bool {
    Int(length) == literal.utf8CodeUnitCount && memcmp(base, literal.utf8Start, Int(length)) == 0
  }

  @inline(__always)
  func slice(_ from: Int, _ to: Int) -> TextView {
    TextView(
      base: base + from, length: UInt32(truncatingIfNeeded: to &- from),
      flags: flags & TextView.ascii)
  }

  /// The code units, for the operations that index into text which is not ASCII.
  var units: [UInt16] {
    var units: [UInt16] = []
    units.reserveCapacity(count)
    var index = 0
    let end = count
    while index < end {
      let first = UInt32(base[index])
      if first < 0x80 {
        units.append(UInt16(first))
        index &+= 1
      } else if first < 0xE0 {
        let second = index &+ 1 < end ? UInt32(base[index &+ 1]) & 0x3F : 0
        units.append(UInt16(truncatingIfNeeded: (first & 0x1F) << 6 | second))
        index &+= 2
      } else if first < 0xF0 {
        let second = index &+ 1 < end ? UInt32(base[index &+ 1]) & 0x3F : 0
        let third = index &+ 2 < end ? UInt32(base[index &+ 2]) & 0x3F : 0
        units.append(UInt16(truncatingIfNeeded: (first & 0x0F) << 12 | second << 6 | third))
        index &+= 3
      } else {
        let second = index &+ 1 < end ? UInt32(base[index &+ 1]) & 0x3F : 0
        let third = index &+ 2 < end ? UInt32(base[index &+ 2]) & 0x3F : 0
        let fourth = index &+ 3 < end ? UInt32(base[index &+ 3]) & 0x3F : 0
        let point = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
        let above = point >= 0x10000 ? point &- 0x10000 : 0
        units.append(UInt16(truncatingIfNeeded: 0xD800 &+ (above >> 10)))
        units.append(UInt16(truncatingIfNeeded: 0xDC00 &+ (above & 0x3FF)))
        index &+= 4
      }
    }
    return units
  }
}

/// Whether two short texts are equal, without a call: names of members are compared at every turn.
@inline(__always)
func sameBytes(
  _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int
) -> Bool {
  @inline(__always)
  func differ<Word: FixedWidthInteger>(_ at: Int, _ type: Word.Type) -> Bool {
    UnsafeRawPointer(left).loadUnaligned(fromByteOffset: at, as: type)
      != UnsafeRawPointer(right).loadUnaligned(fromByteOffset: at, as: type)
  }
  // The last word overlaps the one before, so that nothing is read beyond the end.
  if count >= 8 {
    var at = 0
    while at < count &- 8 {
      if differ(at, UInt64.self) { return false }
      at &+= 8
    }
    return !differ(count &- 8, UInt64.self)
  }
  if count >= 4 { return !differ(0, UInt32.self) && !differ(count &- 4, UInt32.self) }
  var at = 0
  while at < count {
    if left[at] != right[at] { return false }
    at &+= 1
  }
  return true
}

/// Text with an owner of its own, shared by reference. Immutable once made.
public final class Text {
  let base: UnsafeMutablePointer<UInt8>
  let count: Int
  let flags: UInt8

  /// - Parameter fill: gets room for `count` bytes and writes them all.
  init(count: Int, safe: Bool, fill: (UnsafeMutablePointer<UInt8>) -> Void) {
    base = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count, 1))
    self.count = count
    fill(base)
    let kind = TextView.isASCII(base, count) ? TextView.ascii : TextView.wide
    flags = kind | (safe ? TextView.safe : 0)
  }

  convenience init(_ view: TextView, safe: Bool? = nil) {
    self.init(count: view.count, safe: safe ?? view.isSafe) {
      $0.update(from: view.base, count: view.count)
    }
  }

  public convenience init(_ string: String, safe: Bool = false) {
    var string = string
    self.init(utf8: string.withUTF8 { Array($0) }, safe: safe)
  }

  public convenience init(utf8: [UInt8], safe: Bool = false) {
    self.init(count: utf8.count, safe: safe) { target in
      utf8.withUnsafeBufferPointer {
        if let start = $0.baseAddress { target.update(from: start, count: $0.count) }
      }
    }
  }

  deinit { base.deallocate() }

  @inline(__always) var view: TextView {
    TextView(base: base, length: UInt32(truncatingIfNeeded: count), flags: flags)
  }
}
