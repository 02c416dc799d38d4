/// The loop's queue of work that was enqueued on the loop thread: a ring that grows, no lock.
@safe struct WorkRing: ~Copyable {
  private var slots: UnsafeMutablePointer<Work>
  private var mask: Int
  private var head = 0
  private var tail = 0

  /// - Parameter capacity: room before the first growth; a power of two.
  init(capacity: Int = 1024) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "capacity is a power of two")
    unsafe slots = .allocate(capacity: capacity)
    mask = capacity - 1
  }

  deinit {
    var index = head
    while index != tail {
      unsafe (slots + (index & mask)).deinitialize(count: 1)
      index &+= 1
    }
    unsafe slots.deallocate()
  }

  var isEmpty: Bool { head == tail }
  var count: Int { tail &- head }

  @inline(__always)
  mutating func push(_ work: consuming Work) {
    if tail &- head > mask { grow() }
    unsafe (slots + (tail & mask)).initialize(to: work)
    tail &+= 1
  }

  /// The oldest work; nil when there is none.
  @inline(__always)
  mutating func pop() -> Work? {
    guard head != tail else { return nil }
    let work = unsafe (slots + (head & mask)).move()
    head &+= 1
    return work
  }

  private mutating func grow() {
    let oldCapacity = mask + 1
    let larger = UnsafeMutablePointer<Work>.allocate(capacity: oldCapacity * 2)
    // Full, so every slot moves: first from the head to the end, then what had wrapped around.
    let start = head & mask
    unsafe larger.moveInitialize(from: slots + start, count: oldCapacity - start)
    unsafe (larger + (oldCapacity - start)).moveInitialize(from: slots, count: start)
    unsafe slots.deallocate()
    unsafe slots = larger
    mask = oldCapacity * 2 - 1
    head = 0
    tail = oldCapacity
  }
}
