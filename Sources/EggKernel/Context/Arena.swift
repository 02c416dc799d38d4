import Glibc

/// Memory that lives as long as a context: a bump pointer, freed at once.
///
/// The first chunk is kept between requests, so that most of them never call `malloc`.
struct Arena: ~Copyable {
  static let firstChunk = 4096
  /// Bytes one context may ask for; beyond it `allocate` answers nil (`EGG_E_LIMIT`).
  static let defaultLimit = 64 << 20

  private var next: UnsafeMutableRawPointer
  private var left: Int
  private let first: UnsafeMutableRawPointer
  private var more: [UnsafeMutableRawPointer] = []
  private var taken = 0
  var limit = Arena.defaultLimit

  init() {
    guard let memory = malloc(Arena.firstChunk) else { preconditionFailure("out of memory") }
    first = memory
    next = memory
    left = Arena.firstChunk
  }

  deinit {
    for chunk in more { free(chunk) }
    free(first)
  }

  /// Uninitialised memory, or nil when over the limit or the alignment is not a power of two up to
  /// 4,096.
  @inline(__always)
  mutating func allocate(_ size: Int, alignment: Int = 8) -> UnsafeMutableRawPointer? {
    let padding = (0 &- Int(bitPattern: next)) & (alignment &- 1)
    let needed = size &+ padding
    if size >= 0, needed >= 0, needed <= left, alignment > 0, alignment & (alignment &- 1) == 0 {
      let memory = next + padding
      next = memory + size
      left &-= needed
      return memory
    }
    return allocateChunk(size, alignment: alignment)
  }

  @inline(never)
  private mutating func allocateChunk(_ size: Int, alignment: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= limit, alignment > 0, alignment <= 4096,
      alignment & (alignment &- 1) == 0, taken &+ size <= limit
    else { return nil }
    let room = max(size &+ alignment, min(Arena.firstChunk << min(more.count &+ 1, 6), 1 << 18))
    guard let memory = malloc(room) else { return nil }
    more.append(memory)
    taken &+= room
    next = memory
    left = room
    let padding = (0 &- Int(bitPattern: next)) & (alignment &- 1)
    let result = next + padding
    next = result + size
    left = room &- padding &- size
    return result
  }

  /// Room for `count` values of `type`, uninitialised.
  @inline(__always)
  mutating func array<T>(of type: T.Type, count: Int) -> UnsafeMutablePointer<T>? {
    let (bytes, overflow) = MemoryLayout<T>.stride.multipliedReportingOverflow(by: count)
    guard !overflow, let memory = allocate(bytes, alignment: MemoryLayout<T>.alignment) else {
      return nil
    }
    return memory.bindMemory(to: T.self, capacity: count)
  }

  /// A copy of the bytes, or nil when over the limit. Never nil for none.
  @inline(__always)
  mutating func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
    guard let start = bytes.baseAddress, bytes.count > 0 else {
      return UnsafeBufferPointer(
        start: UnsafePointer(next.assumingMemoryBound(to: UInt8.self)), count: 0)
    }
    guard let memory = allocate(bytes.count, alignment: 1) else { return nil }
    memcpy(memory, start, bytes.count)
    return UnsafeBufferPointer(
      start: UnsafePointer(memory.assumingMemoryBound(to: UInt8.self)), count: bytes.count)
  }

  /// Forgets everything. All pointers handed out are dead.
  mutating func reset() {
    if !more.isEmpty {
      for chunk in more { free(chunk) }
      more.removeAll(keepingCapacity: true)
      taken = 0
    }
    next = first
    left = Arena.firstChunk
  }
}
