package import PluginABI

/// Memory for what is lent for the length of one call, one after the other.
package nonisolated final class LentMemory {
  private let first: UnsafeMutableRawPointer
  private var next: UnsafeMutableRawPointer
  private var room = LentMemory.size
  /// Of what did not fit into the first.
  private var blocks: [UnsafeMutableRawPointer] = []

  private static let size = 2048

  package init() {
    first = .allocate(byteCount: Self.size, alignment: 16)
    next = first
  }

  deinit {
    rewind()
    first.deallocate()
  }

  /// Everything that was lent has been given back.
  package func rewind() {
    for block in blocks { block.deallocate() }
    if !blocks.isEmpty { blocks = [] }
    next = first
    room = Self.size
  }

  /// - Parameter type: of C, which has nothing to be released.
  package func allocate<T>(_ type: T.Type, _ count: Int)
    -> UnsafeMutablePointer<T>
  {
    let size = (count * MemoryLayout<T>.stride + 15) & ~15
    if size > room {
      room = max(size, Self.size)
      next = .allocate(byteCount: room, alignment: 16)
      blocks.append(next)
    }
    let memory = next
    next += size
    room -= size
    return memory.bindMemory(to: type, capacity: count)
  }

  package func copy(_ text: String) -> UnsafeRawBufferPointer {
    var text = text
    return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
  }

  package func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawPointer(allocate(UInt8.self, bytes.count))
    if let start = bytes.baseAddress { copy.copyMemory(from: start, byteCount: bytes.count) }
    return UnsafeRawBufferPointer(start: copy, count: bytes.count)
  }
}

nonisolated extension egg_str {
  package init(_ bytes: UnsafeRawBufferPointer) {
    self.init(ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
  }

  /// A copy.
  package var text: String {
    String(decoding: UnsafeRawBufferPointer(start: ptr, count: ptr == nil ? 0 : len), as: UTF8.self)
  }
}
