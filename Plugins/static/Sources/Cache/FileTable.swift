import Glibc

/// Cached files by the bytes of their path. Forgets a file that was not asked for lately when there
/// are too many (second chance).
///
/// Open addressing; a look-up allocates nothing and counts no references.
nonisolated final class FileTable {
  private struct Slot {
    var hash: UInt64
    var file: Unmanaged<CachedFile>?
  }

  /// Files at most.
  let limit: Int
  private(set) var count = 0
  private var slots: UnsafeMutablePointer<Slot>
  /// Slots less one; the number of slots is a power of two.
  private var mask: Int
  private var hand = 0
  /// Differs from process to process, so that nobody can choose names that collide.
  private let seed: UInt64

  init(limit: Int) {
    self.limit = max(1, limit)
    seed = .random(in: .min ... .max) | 1
    mask = 15
    slots = Self.empty(16)
  }

  deinit {
    for index in 0...mask { slots[index].file?.release() }
    slots.deallocate()
  }

  private static func empty(_ count: Int) -> UnsafeMutablePointer<Slot> {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(hash: 0, file: nil), count: count)
    return slots
  }

  /// The file with this key. The reference is the table's; hold it before the table changes.
  @inline(__always)
  func find(_ key: UnsafeBufferPointer<UInt8>) -> Unmanaged<CachedFile>? {
    let hash = hash(key)
    var index = Int(truncatingIfNeeded: hash) & mask
    while let file = slots[index].file {
      if slots[index].hash == hash, isKey(key, of: file) { return file }
      index = (index &+ 1) & mask
    }
    return nil
  }

  /// Adds a file, in the place of another with the same key.
  func insert(_ file: CachedFile) {
    file.key.withUnsafeBufferPointer { remove($0) }
    if count >= limit { forgetOne() }
    if (count + 1) * 2 > mask + 1 { grow() }
    put(Slot(hash: file.key.withUnsafeBufferPointer(hash), file: .passRetained(file)))
    count += 1
  }

  func remove(_ key: UnsafeBufferPointer<UInt8>) {
    let hash = hash(key)
    var index = Int(truncatingIfNeeded: hash) & mask
    while let file = slots[index].file {
      if slots[index].hash == hash, isKey(key, of: file) { return clear(index) }
      index = (index &+ 1) & mask
    }
  }

  /// Every file, in no order.
  var all: [CachedFile] { (0...mask).compactMap { slots[$0].file?.takeUnretainedValue() } }

  // MARK: Slots

  private func put(_ slot: Slot) {
    var index = Int(truncatingIfNeeded: slot.hash) & mask
    while slots[index].file != nil { index = (index &+ 1) & mask }
    slots[index] = slot
  }

  private func grow() {
    let (old, oldCount) = (slots, mask + 1)
    slots = Self.empty(oldCount * 2)
    mask = oldCount * 2 - 1
    hand = 0
    for index in 0..<oldCount where old[index].file != nil { put(old[index]) }
    old.deallocate()
  }

  /// Empties a slot and moves those behind it that would not be found any more.
  private func clear(_ index: Int) {
    slots[index].file?.release()
    count -= 1
    var hole = index
    var next = (index &+ 1) & mask
    while slots[next].file != nil {
      let home = Int(truncatingIfNeeded: slots[next].hash) & mask
      if (next &- home) & mask >= (next &- hole) & mask {
        slots[hole] = slots[next]
        hole = next
      }
      next = (next &+ 1) & mask
    }
    slots[hole] = Slot(hash: 0, file: nil)
  }

  private func forgetOne() {
    guard count > 0 else { return }
    while true {
      hand = (hand &+ 1) & mask
      guard let file = slots[hand].file?.takeUnretainedValue() else { continue }
      if !file.isUsed { return clear(hand) }
      file.isUsed = false
    }
  }

  @inline(__always)
  private func isKey(_ key: UnsafeBufferPointer<UInt8>, of file: Unmanaged<CachedFile>) -> Bool {
    file._withUnsafeGuaranteedRef { file in
      file.key.count == key.count
        && (key.isEmpty || memcmp(file.key, key.baseAddress!, key.count) == 0)
    }
  }

  @inline(__always)
  private func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard let start = UnsafeRawPointer(key.baseAddress) else { return seed }
    var hash = seed ^ UInt64(truncatingIfNeeded: key.count)
    var at = 0
    while at &+ 8 <= key.count {
      hash = mixed(hash ^ start.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at &+= 8
    }
    while at < key.count {
      hash = (hash ^ UInt64(start.load(fromByteOffset: at, as: UInt8.self))) &* 0x100_0000_01B3
      at &+= 1
    }
    return mixed(hash)
  }

  @inline(__always)
  private func mixed(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15 ^ seed)
    return product.high ^ product.low
  }
}
