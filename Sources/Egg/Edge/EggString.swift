internal import PluginABI

nonisolated extension egg_str {
  /// The bytes; valid as long as the text they belong to.
  var bytes: UnsafeBufferPointer<UInt8> {
    guard let ptr, len > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(
      start: UnsafeRawPointer(ptr).assumingMemoryBound(to: UInt8.self), count: len)
  }

  /// A copy; bytes that are not UTF-8 are replaced by U+FFFD.
  var string: String { String(utf8: bytes) }

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.init(
      ptr: bytes.baseAddress.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) },
      len: bytes.count)
  }

  init(_ text: StaticString) {
    self.init(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Whether both have the same bytes.
  func spells(_ other: egg_str) -> Bool {
    guard len == other.len else { return false }
    let (mine, theirs) = (bytes, other.bytes)
    for place in 0..<mine.count where mine[place] != theirs[place] { return false }
    return true
  }

  static func == (text: egg_str, other: StaticString) -> Bool {
    guard text.len == other.utf8CodeUnitCount else { return false }
    let bytes = text.bytes
    for place in 0..<bytes.count where bytes[place] != other.utf8Start[place] { return false }
    return true
  }
}

nonisolated extension String {
  /// Lends the text's bytes to `body`.
  func withEggString<R>(_ body: (egg_str) throws -> R) rethrows -> R {
    var text = self
    return try text.withUTF8 { try body(egg_str($0)) }
  }
}

/// Lends two texts.
nonisolated func withEggStrings<R>(_ a: String, _ b: String, _ body: (egg_str, egg_str) throws -> R)
  rethrows -> R
{
  try a.withEggString { a in try b.withEggString { b in try body(a, b) } }
}

nonisolated extension [UInt8] {
  func withEggString<R>(_ body: (egg_str) throws -> R) rethrows -> R {
    try withUnsafeBufferPointer { try body(egg_str($0)) }
  }
}

/// A C string for a registration; it is kept for the life of the process.
nonisolated func permanent(_ text: String) -> UnsafePointer<CChar> {
  let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: text.utf8.count + 1)
  var place = 0
  for byte in text.utf8 where byte != 0 {
    bytes[place] = CChar(bitPattern: byte)
    place += 1
  }
  bytes[place] = 0
  return UnsafePointer(bytes)
}
