/// Buffers between uses. Idle connections hold none.
struct BufferPool: ~Copyable {
  static let size = 16 * 1024
  private var spare = Spares<ByteBuffer>()

  mutating func take() -> ByteBuffer {
    spare.take() ?? ByteBuffer(capacity: BufferPool.size)
  }

  /// One that has grown is let go, so that a burst of large requests does not stay in memory.
  mutating func giveBack(_ buffer: consuming ByteBuffer) {
    guard buffer.capacity <= 4 * BufferPool.size, !spare.isFull else { return }
    buffer.reset()
    spare.giveBack(buffer)
  }
}

/// Up to 256 objects that wait for their next use. Each request takes and gives back several, so they
/// lie in plain memory: an array would count references and ask whether it is shared.
struct Spares<Object: AnyObject>: ~Copyable {
  private static var limit: Int { 256 }
  private let objects: UnsafeMutablePointer<Unmanaged<Object>> = .allocate(capacity: Spares.limit)
  private var count = 0

  var isFull: Bool { count == Spares.limit }

  @inline(__always)
  mutating func take() -> Object? {
    guard count > 0 else { return nil }
    count &-= 1
    return objects[count].takeRetainedValue()
  }

  /// The same without a change of owner: for objects that belong to whoever holds the reference.
  @inline(__always)
  mutating func takeReference() -> Unmanaged<Object>? {
    guard count > 0 else { return nil }
    count &-= 1
    return objects[count]
  }

  @inline(__always)
  mutating func giveBack(_ reference: Unmanaged<Object>) {
    precondition(!isFull, "more spares than there is room for")
    (objects + count).initialize(to: reference)
    count &+= 1
  }

  /// Only when there is room.
  @inline(__always)
  mutating func giveBack(_ object: consuming Object) {
    precondition(!isFull, "more spares than there is room for")
    (objects + count).initialize(to: .passRetained(object))
    count &+= 1
  }

  deinit {
    for place in 0..<count { objects[place].release() }
    objects.deallocate()
  }
}
