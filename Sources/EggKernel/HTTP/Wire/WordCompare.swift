/// Comparing short known words a machine word at a time.

/// Whether the `count` bytes at `bytes` are exactly `word`, which is `count` long.
@inline(__always)
func spells(_ bytes: UnsafePointer<UInt8>, _ word: StaticString, _ count: Int) -> Bool {
  compare(bytes, word, count, fold: 0)
}

/// The same, ignoring ASCII case. `word` is in lower case and of letters, digits and `-` only, and
/// `bytes` are token bytes: then setting bit 5 cannot make two different names equal.
@inline(__always)
func spellsFolded(_ bytes: UnsafePointer<UInt8>, _ word: StaticString, _ count: Int) -> Bool {
  compare(bytes, word, count, fold: 0x2020_2020_2020_2020)
}

/// Overlapping loads cover every length without reading outside of either side.
@inline(__always)
private func compare(
  _ bytes: UnsafePointer<UInt8>, _ word: StaticString, _ count: Int, fold: UInt64
) -> Bool {
  let left = UnsafeRawPointer(bytes)
  let right = UnsafeRawPointer(word.utf8Start)
  if count >= 8 {
    var at = 0
    while at &+ 8 < count {
      if load64(left, at) | fold != load64(right, at) | fold { return false }
      at &+= 8
    }
    return load64(left, count &- 8) | fold == load64(right, count &- 8) | fold
  }
  if count >= 4 {
    let fold = UInt32(truncatingIfNeeded: fold)
    return load32(left, 0) | fold == load32(right, 0) | fold
      && load32(left, count &- 4) | fold == load32(right, count &- 4) | fold
  }
  let byteFold = UInt8(truncatingIfNeeded: fold)
  for at in 0..<count where bytes[at] | byteFold != word.utf8Start[at] | byteFold { return false }
  return true
}

@inline(__always)
func load64(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
  bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
}

@inline(__always)
private func load32(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt32 {
  bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
}

/// Whether two byte strings of the same `count` are equal, ignoring ASCII case.
func equalIgnoringCase(
  _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, count: Int
) -> Bool {
  for at in 0..<count where lowercased(left[at]) != lowercased(right[at]) { return false }
  return true
}

@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
  byte &- 0x41 < 26 ? byte | 0x20 : byte
}
