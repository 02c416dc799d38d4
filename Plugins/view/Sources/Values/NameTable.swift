import Glibc

/// Places in memory by name, looked up by the name's bytes: no text is made to be hashed, and nothing
/// is counted.
///
/// Names are copied and stay as long as the table, so whoever adds them sees to it that they are few.
nonisolated public final class NameTable {
  private struct Entry {
    var name: UnsafeMutableBufferPointer<UInt8>
    /// Nil: free.
    var place: UnsafeMutableRawPointer?
  }

  private var entries: UnsafeMutablePointer<Entry>
  /// The number of entries, a power of two, less one.
  private var mask = 15
  private var count = 0

  public init() { entries = Self.room(16) }

  deinit {
    for slot in 0...mask where entries[slot].place != nil { entries[slot].name.deallocate() }
    entries.deallocate()
  }

  private static func room(_ count: Int) -> UnsafeMutablePointer<Entry> {
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: count)
    entries.initialize(
      repeating: Entry(name: .init(start: nil, count: 0), place: nil), count: count)
    return entries
  }

  /// The place that was added for `name`; nil for none.
  public func find(_ name: UnsafeBufferPointer<UInt8>) -> UnsafeMutableRawPointer? {
    var slot = Self.hash(name) & mask
    while let place = entries[slot].place {
      let known = entries[slot].name
      if known.count == name.count,
        name.isEmpty || memcmp(known.baseAddress!, name.baseAddress!, name.count) == 0
      {
        return place
      }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  /// - Parameter name: not there yet.
  public func add(_ name: UnsafeBufferPointer<UInt8>, _ place: UnsafeMutableRawPointer) {
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: name.count)
    _ = copy.initialize(from: name)
    count += 1
    if count * 2 > mask {
      let (old, size) = (entries, mask + 1)
      mask = size * 2 - 1
      entries = Self.room(size * 2)
      for slot in 0..<size where old[slot].place != nil { put(old[slot]) }
      old.deallocate()
    }
    put(Entry(name: copy, place: place))
  }

  private func put(_ entry: Entry) {
    var slot = Self.hash(UnsafeBufferPointer(entry.name)) & mask
    while entries[slot].place != nil { slot = (slot &+ 1) & mask }
    entries[slot] = entry
  }

  /// Eight bytes at a time. Not for names that strangers choose.
  private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
    guard let base = name.baseAddress else { return 0 }
    var hash = UInt64(truncatingIfNeeded: name.count)
    var place = 0
    while place < name.count {
      var word: UInt64 = 0
      if place &+ 8 <= name.count {
        word = UnsafeRawPointer(base + place).loadUnaligned(as: UInt64.self)
        place &+= 8
      } else {
        while place < name.count {
          word = word << 8 | UInt64(base[place])
          place &+= 1
        }
      }
      hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    return Int(truncatingIfNeeded: hash >> 1)
  }
}
