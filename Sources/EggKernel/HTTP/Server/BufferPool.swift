/// Buffers between uses. Idle connections hold none.
struct BufferPool {
  static let size = 16 * 1024
  private var spare: [ByteBuffer] = []

  mutating func take() -> ByteBuffer {
    spare.popLast() ?? ByteBuffer(capacity: BufferPool.size)
  }

  /// One that has grown is let go, so that a burst of large requests does not stay in memory.
  mutating func giveBack(_ buffer: ByteBuffer) {
    guard buffer.capacity <= 4 * BufferPool.size, spare.count < 256 else { return }
    buffer.reset()
    spare.append(buffer)
  }
}
